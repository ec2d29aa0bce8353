"""Data files: read and checked as a whole, and every fault named by file, entry and field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from errors import StartError

Entry = TypeVar("Entry", bound=BaseModel)
Fault = Callable[[str], StartError]


def read_entries(path: Path, key: str, model: type[Entry], fault: Fault) -> tuple[Entry, ...]:
    """The entries of a file `{key: [...]}`, each with an `id` of its own; raises what `fault` makes of a sentence."""
    entries = tuple(
        _entry(path, number, entry, model, fault) for number, entry in enumerate(_listed(path, key, fault), start=1)
    )
    twins = [name for name, count in Counter(getattr(entry, "id", None) for entry in entries).items() if count > 1]
    if twins:
        raise fault(f"{path}: entry {twins[0]!r}, field 'id': this id is used twice")
    return entries


def _listed(path: Path, key: str, fault: Fault) -> list[Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique_keys)
    except (OSError, ValueError) as error:
        raise fault(f"{path}: {error}") from error
    if not isinstance(document, dict) or set(document) != {key} or not isinstance(document[key], list):
        raise fault(f"{path}: expected one key {key!r} with a list of entries")
    listed: list[Any] = document[key]
    return listed


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    counts = Counter(key for key, _ in pairs)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"the key {twice[0]!r} stands twice in one object")
    return dict(pairs)


def _entry(path: Path, number: int, entry: Any, model: type[Entry], fault: Fault) -> Entry:
    name = entry.get("id") if isinstance(entry, dict) else None
    where = f"entry {name!r}" if isinstance(name, str) else f"entry number {number}"
    try:
        return model.model_validate_json(json.dumps(entry), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "(the entry)"
        raise fault(f"{path}: {where}, field {field!r}: {first['msg']}") from error
