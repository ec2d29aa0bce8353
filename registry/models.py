"""The registry's queries, answered from a cache that is never stale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from database import Database
from domain import ModelInfo
from errors import DatabaseError
from registry.rows import columns_of, model_of
from registry.tables import ModelRow, RegistryVersionRow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Snapshot:
    version: int
    models: tuple[ModelInfo, ...]


class ModelRegistry:
    """Which models exist. Every answer is a value; models come highest priority first, ties by id.

    Each call reads one number, the registry's version; only when it moved are the models read again. Triggers move
    it, so that writes of other processes and of plain SQL are seen as well.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshot: _Snapshot | None = None

    def get_all_models(self, active_only: bool = True) -> list[ModelInfo]:
        return [model for model in self._current() if model.is_active or not active_only]

    def get_model_by_id(self, model_id: str) -> ModelInfo | None:
        """The model, active or not; None when the id is unknown."""
        return next((model for model in self._current() if model.id == model_id), None)

    def get_models_by_tag(self, tag: str, active_only: bool = True) -> list[ModelInfo]:
        return [model for model in self.get_all_models(active_only) if tag in model.tags]

    def get_models_by_marketplace(self, marketplace: str, active_only: bool = True) -> list[ModelInfo]:
        return [model for model in self.get_all_models(active_only) if marketplace in model.supports_marketplaces]

    def update_model(self, model_id: str, **changes: Any) -> ModelInfo | None:
        """Change fields of a model as an administrator; None when the id is unknown.

        Raises pydantic's `ValidationError` when the changed model would not be valid.
        """
        with self._database.write() as session:
            row = session.get(ModelRow, model_id)
            if row is None:
                return None
            changed = ModelInfo.model_validate({**columns_of(model_of(row)), **changes, "id": model_id})
            for column, value in columns_of(changed).items():
                setattr(row, column, value)
            return changed

    def _current(self) -> tuple[ModelInfo, ...]:
        """While the database cannot be read, what was read last still holds."""
        try:
            return self._read()
        except DatabaseError:
            if self._snapshot is None:
                raise
            return self._snapshot.models

    def _read(self) -> tuple[ModelInfo, ...]:
        with self._database.read() as session:
            version = session.scalars(select(RegistryVersionRow.version)).one()
            snapshot = self._snapshot
            if snapshot is None or snapshot.version != version:
                snapshot = self._snapshot = _Snapshot(version, _load(session))
            return snapshot.models


def _load(session: Session) -> tuple[ModelInfo, ...]:
    rows = session.scalars(select(ModelRow).order_by(ModelRow.priority.desc(), ModelRow.id))
    return tuple(model for row in rows if (model := _readable(row)))


def _readable(row: ModelRow) -> ModelInfo | None:
    """One unreadable row must not take the others with it."""
    try:
        return model_of(row)
    except ValidationError as error:
        fields = [".".join(map(str, fault["loc"])) for fault in error.errors()]
        log.warning("registry.unreadable_model", model_id=row.id, fields=fields)
        return None
