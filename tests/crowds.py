"""A line that is full and stays so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from service import Asker, Turns
from service.turns import Ticket


def crowd(monkeypatch: pytest.MonkeyPatch, turns: Turns, waiting: Sequence[Asker]) -> None:
    """All places at work are taken as well: the end of an earlier run's pause would call some of them up."""
    monkeypatch.setattr(turns, "_running", Counter({Asker("at", "work"): turns.room.at_once}))
    monkeypatch.setattr(turns, "_waiting", [Ticket(asker, number) for number, asker in enumerate(waiting)])


def strangers(turns: Turns) -> list[Asker]:
    """As many as the line has places."""
    return [Asker(str(number)) for number in range(turns.room.waiting)]
