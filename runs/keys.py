"""Idempotency keys: the same key of a visitor with the same request is the same run, for a day and across restarts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from domain import SelectionRequest
from errors import KeyReused
from runs.tables import KeyRow

KEPT = timedelta(hours=24)
MAX_KEY = 200  # characters


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A visitor's key, and what is asked for under it; both as a SHA-256."""

    key: str
    fingerprint: str

    def row(self, run_id: str, now: datetime) -> KeyRow:
        return KeyRow(key=self.key, fingerprint=self.fingerprint, run_id=run_id, created_at=now)


def key_use(visitor: str, key: str, upload: bytes, request: SelectionRequest) -> KeyUse:
    """Somebody else's key of the same name is another key. Visitors of whom nothing is known share theirs."""
    asked = hashlib.sha256(upload)
    asked.update(request.model_dump_json().encode())
    return KeyUse(hashlib.sha256(f"{visitor}\n{key}".encode()).hexdigest(), asked.hexdigest())


def use_key(session: Session, use: KeyUse, now: datetime) -> str | None:
    """The run that the key stands for, within the transaction that would start another; None for a new key.

    Raises:
        KeyReused: it was given for another photo or other wishes.
    """
    session.execute(delete(KeyRow).where(KeyRow.created_at < now - KEPT))
    row = session.get(KeyRow, use.key)
    if row is None:
        return None
    if row.fingerprint != use.fingerprint:
        raise KeyReused
    return row.run_id
