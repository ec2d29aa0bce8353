"""The registry's tables. Rows stay in this package; what leaves it is a `ModelInfo`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Base


class ModelRow(Base):
    """One model as it is used now: seeded, and changed by an administrator since."""

    __tablename__ = "models"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(40))
    provider: Mapped[str] = mapped_column(String(40))
    endpoint: Mapped[str] = mapped_column(String(200))
    dataset_notes: Mapped[Any] = mapped_column(JSON)
    pros: Mapped[Any] = mapped_column(JSON)
    cons: Mapped[Any] = mapped_column(JSON)
    spec: Mapped[Any] = mapped_column(JSON)
    tags: Mapped[Any] = mapped_column(JSON)
    supports_marketplaces: Mapped[Any] = mapped_column(JSON)
    priority: Mapped[int]
    is_active: Mapped[bool]
    price_usd: Mapped[float]
    typical_seconds: Mapped[float]
    estimates: Mapped[bool]
    licence: Mapped[Any] = mapped_column(JSON)


class SeedRow(Base):
    """What the seed file last said of a model, so that an administrator's changes can be told from it."""

    __tablename__ = "seeds"

    model_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    entry: Mapped[Any] = mapped_column(JSON)


class RegistryVersionRow(Base):
    """One row; triggers raise it with every change of `models`, whoever makes it."""

    __tablename__ = "registry_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
