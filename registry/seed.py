"""Seed loading: the file is checked as a whole first, then merged without ever undoing an administrator's change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from database import Database
from domain import ModelInfo
from errors import SeedError
from registry.rows import columns_of
from registry.tables import ModelRow, SeedRow


def load_seed(path: Path) -> tuple[ModelInfo, ...]:
    """The models of a seed file; raises `SeedError` naming file, entry and field."""
    entries = _entries(path)
    models = tuple(_model(path, number, entry) for number, entry in enumerate(entries, start=1))
    twins = [model_id for model_id, count in Counter(model.id for model in models).items() if count > 1]
    if twins:
        raise SeedError(f"{path}: entry {twins[0]!r}, field 'id': this id is used twice")
    return models


def apply_seed(database: Database, models: Iterable[ModelInfo]) -> int:
    """Merge the seed into the registry and return how many models changed.

    A field follows the seed as long as it holds what the seed last said; once an administrator changed it, it stays.
    A model that an administrator deleted stays deleted.
    """
    with database.write() as session:
        return sum(_merge(session, model) for model in models)


def _entries(path: Path) -> list[Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_unique_keys)
    except (OSError, ValueError) as error:
        raise SeedError(f"{path}: {error}") from error
    if not isinstance(document, dict) or set(document) != {"models"} or not isinstance(document["models"], list):
        raise SeedError(f"{path}: expected one key 'models' with a list of entries")
    return document["models"]


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    counts = Counter(key for key, _ in pairs)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"the key {twice[0]!r} stands twice in one object")
    return dict(pairs)


def _model(path: Path, number: int, entry: Any) -> ModelInfo:
    name = entry.get("id") if isinstance(entry, dict) else None
    where = f"entry {name!r}" if isinstance(name, str) else f"entry number {number}"
    try:
        return ModelInfo.model_validate_json(json.dumps(entry), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "(the entry)"
        raise SeedError(f"{path}: {where}, field {field!r}: {first['msg']}") from error


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
