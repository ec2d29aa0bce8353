"""Money's words: the owner's caps, and what the ledger says."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from domain.base import Value


class Cap(StrEnum):
    """What a cap is on; a day and a month are UTC's."""

    RUN = "run"
    VISITOR = "visitor"
    DAY = "day"
    MONTH = "month"


class Spent(Value):
    """US dollars: paid, kept back for running work, and kept back for attempts that nobody can decide."""

    paid_usd: float = 0.0
    reserved_usd: float = 0.0
    unsure_usd: float = 0.0


class SpendReport(Value):
    """The owner's view: today and this month, in all and by model; only the caps that are set."""

    day: Spent
    month: Spent
    models: Mapping[str, Spent] = Field(default_factory=dict)
    caps_usd: Mapping[Cap, float] = Field(default_factory=dict)
