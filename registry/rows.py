"""Between rows and values."""

from __future__ import annotations

from typing import Any

from domain import ModelInfo
from registry.tables import ModelRow


def columns_of(model: ModelInfo) -> dict[str, Any]:
    """The values of a model's columns, as JSON would hold them."""
    return model.model_dump(mode="json")


def model_of(row: ModelRow) -> ModelInfo:
    """The value of a row; raises pydantic's `ValidationError` when somebody wrote nonsense into it."""
    return ModelInfo.model_validate({column: getattr(row, column) for column in ModelInfo.model_fields})
