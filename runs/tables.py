"""The tables of runs: attempts, every event in the order it happened, keys of callers, money, health and calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime


class RunRow(Base):
    """One run. The columns up to `policy_version` are the fields of `RunReport`, in English.

    While it runs, only `owner` may write about it, until `lease_until`; `takes` counts how often it was taken up.
    """

    __tablename__ = "runs"

    run_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    model_id: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(32))
    explanation: Mapped[str] = mapped_column(Text)
    fallback_chain: Mapped[Any] = mapped_column(JSON)
    candidates: Mapped[Any] = mapped_column(JSON)
    seconds: Mapped[float]
    cost_usd: Mapped[float]
    policy_version: Mapped[str] = mapped_column(String(16))
    selections: Mapped[Any] = mapped_column(JSON)
    facts: Mapped[Any] = mapped_column(JSON)
    remarks: Mapped[Any] = mapped_column(JSON, nullable=True)
    photo_sha256: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    owner: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    takes: Mapped[int] = mapped_column(default=1, server_default="1")


class AttemptRow(Base):
    """One call of one model; written before anything is sent, closed by its outcome.

    `token` is committed before a purchase is sent and stands in its input, so that it can be found at the provider.
    """

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.run_id", ondelete="CASCADE"))
    number: Mapped[int]
    model_id: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[Any] = mapped_column(JSON)
    seconds: Mapped[float | None]
    cost_usd: Mapped[float | None]
    prediction_id: Mapped[str | None] = mapped_column(String(64))
    token: Mapped[str | None] = mapped_column(String(255))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class JournalRow(Base):
    """One thing that happened in a run, as a code with facts and as a sentence."""

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.run_id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(String(24))
    model_id: Mapped[str | None] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(40))
    facts: Mapped[Any] = mapped_column(JSON)
    seconds: Mapped[float | None]
    cost_usd: Mapped[float | None]
    error_class: Mapped[str | None] = mapped_column(String(40))
    sentence: Mapped[str] = mapped_column(Text)


class KeyRow(Base):
    """A visitor's idempotency key, hashed with the visitor; what was asked for under it, and which run it started."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.run_id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BreakerRow(Base):
    """The health of one model or provider, shared by all processes; the columns are the fields of `policy.Breaker`."""

    __tablename__ = "breakers"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    generation: Mapped[int]
    calls: Mapped[Any] = mapped_column(JSON)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int]
    rests: Mapped[int]
    trial_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(40))


class SpendRow(Base):
    """What one model may cost, or did cost, in one run: millionths of a US dollar. Outlives its run on purpose."""

    __tablename__ = "spend"

    run_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    visitor: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    micros: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CallRow(Base):
    """One call of a hosted provider, by any worker: open until `until`, kept until no rate counts it any more."""

    __tablename__ = "provider_calls"
    __table_args__ = (Index("ix_provider_calls_provider_at", "provider", "at"),)

    call_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    provider: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
