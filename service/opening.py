"""Whose picture is opened next. There are few workers, and a picture may be made to take seconds: opened one after
another as they come, those of one visitor would keep everybody else's waiting.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext

from gate.gate import AT_ONCE
from patience import lull, waited_for
from service.turns import Asker, Room, Turns

WITHIN_S = 45.0
ROOM = Room(at_once=AT_ONCE, waiting=32, of_address=16, of_session=8, pause=2)


class Opening:
    """As many at once as there are workers; one of each visitor, and one more of each of their batches. The patient
    ask for a worker when nobody else is at work, the others as they come.
    """

    def __init__(self, room: Room = ROOM, within_s: float = WITHIN_S) -> None:
        self._turns = Turns(room)
        self._within_s = within_s

    @asynccontextmanager
    async def turn(self, visitor: str, batch: str = "", *, patient: bool = False) -> AsyncGenerator[None, None]:
        """Until the block is left; raises `Busy` when the line is full, or too slow."""
        if patient:
            await lull()
        async with self._turns.place(Asker(visitor, batch)) as mine:
            await mine.arrive(self._within_s)
            with nullcontext() if patient else waited_for():
                yield
