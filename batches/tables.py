"""The tables of batches: one row a batch, and one row a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime


class BatchRow(Base):
    """One batch. `estimate` is what its starter saw; `visitor` pays."""

    __tablename__ = "batches"

    batch_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    visitor: Mapped[str] = mapped_column(String(32))
    options: Mapped[Any] = mapped_column(JSON)
    estimate: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ItemRow(Base):
    """One file of a batch. While somebody works on it, only `owner` may write about it, until `lease_until`."""

    __tablename__ = "batch_items"
    __table_args__ = (Index("ix_batch_items_state_number", "state", "number"),)

    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int]
    run_id: Mapped[str | None] = mapped_column(String(32))
    model_id: Mapped[str | None] = mapped_column(String(64))
    fallbacks: Mapped[int]
    seconds: Mapped[float]
    cost_usd: Mapped[float]
    note: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[Any] = mapped_column(JSON)
    exports: Mapped[Any] = mapped_column(JSON)
    owner: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
