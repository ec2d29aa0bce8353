"""Seed loading: the file is checked as a whole first, then merged without ever undoing an administrator's change."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from database import Database
from domain import ModelInfo
from errors import SeedError
from registry.documents import read_entries
from registry.rows import columns_of
from registry.tables import ModelRow, SeedRow


def load_seed(path: Path) -> tuple[ModelInfo, ...]:
    """The models of a seed file; raises `SeedError` naming file, entry and field."""
    return read_entries(path, "models", ModelInfo, SeedError)


def apply_seed(database: Database, models: Iterable[ModelInfo]) -> int:
    """Merge the seed into the registry and return how many models changed.

    A field follows the seed as long as it holds what the seed last said; once an administrator changed it, it stays.
    A model that an administrator deleted stays deleted.
    """
    with database.write() as session:
        return sum(_merge(session, model) for model in models)


def _merge(session: Session, model: ModelInfo) -> bool:
    new = columns_of(model)
    seed = session.get(SeedRow, model.id)
    row = session.get(ModelRow, model.id)
    if seed and seed.entry == new:
        return False
    if row is None and seed is None:
        session.add(ModelRow(**new))
    elif row is not None:
        _follow(row, seed.entry if seed else {}, new)
    session.merge(SeedRow(model_id=model.id, entry=new))
    return True


def _follow(row: ModelRow, old: dict[str, Any], new: dict[str, Any]) -> None:
    for column, value in new.items():
        if column in old and getattr(row, column) == old[column]:
            setattr(row, column, value)
