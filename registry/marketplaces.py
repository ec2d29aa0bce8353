"""The marketplaces' rules from their file, checked as a whole before the program starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from domain import CUSTOM, Marketplace, MarketplaceRules
from errors import MarketplacesError
from registry.documents import read_entries


def load_marketplaces(path: Path) -> Mapping[str, MarketplaceRules]:
    """Rules by marketplace, in the order of the file; raises `MarketplacesError` naming file, entry and field."""
    entries = {entry.id: entry for entry in read_entries(path, "marketplaces", MarketplaceRules, MarketplacesError)}
    wanted = {*Marketplace, CUSTOM}
    for name in sorted(wanted ^ set(entries)):
        told = "this marketplace is missing" if name in wanted else "there is no such marketplace"
        raise MarketplacesError(f"{path}: entry {name!r}, field 'id': {told}")
    return entries
