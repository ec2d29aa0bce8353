"""Another process that asks for the trial of a half-open breaker, 25 times at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from database import Database
from domain import ModelInfo
from runs.breakers import Breakers


def trials(database: Database, model: ModelInfo, now: datetime) -> int:
    """How many of 25 callers at once get through."""
    breakers = Breakers(database, lambda: now)
    with ThreadPoolExecutor(25) as pool:
        return sum(one is not None for one in pool.map(lambda _: breakers.admit(model, 60), range(25)))


def contend(url: str, model: ModelInfo, now: datetime, gate: Any, found: Any) -> None:
    database = Database(url)
    gate.wait()
    found.put(trials(database, model, now))
    database.close()
