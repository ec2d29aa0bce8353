"""Whose photo is worked on next: few at once, a bounded line that tells its length, and turns by visitor.

Served first is the address, and within it the session, whose last turn is longest ago; so whoever sends much waits
behind whoever sends little. One session has one run at a time, the others of its own wait their turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from errors import Busy


@dataclass(frozen=True, slots=True)
class Asker:
    """Who waits: an address of the net, and a page or client at it."""

    address: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """How many runs at once, and how many may wait: in all, from one address, from one session."""

    at_once: int = 4
    waiting: int = 64
    of_address: int = 48
    of_session: int = 16


@dataclass(eq=False, slots=True)
class Ticket:
    asker: Asker
    number: int
    turn: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """Belongs to the loop that serves; nothing in it waits for anything but a turn."""

    def __init__(self, room: Room = Room()) -> None:  # frozen
        self._room = room
        self._waiting: list[Ticket] = []
        self._running: Counter[Asker] = Counter()
        self._served: dict[object, int] = {}
        self._numbers = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @asynccontextmanager
    async def place(self, asker: Asker) -> AsyncGenerator[Place, None]:
        """A place in the line, and then at work, until the block is left; raises `Busy` when the line is full."""
        self._admit(asker)
        self._numbers += 1
        ticket = Ticket(asker, self._numbers)
        self._waiting.append(ticket)
        self._call_next()
        try:
            yield Place(self, ticket)
        finally:
            self._leave(ticket)

    def ahead_of(self, ticket: Ticket) -> int:
        """How many are served before this one, if nobody else comes."""
        return sorted(self._waiting, key=self._rank).index(ticket) if ticket in self._waiting else 0

    def _admit(self, asker: Asker) -> None:
        room, line = self._room, [ticket.asker for ticket in self._waiting]
        of_address = sum(one.address == asker.address for one in line)
        if len(line) >= room.waiting or of_address >= room.of_address or line.count(asker) >= room.of_session:
            raise Busy(waiting=len(line))

    def _call_next(self) -> None:
        while self._running.total() < self._room.at_once and (ready := self._ready()):
            ticket = min(ready, key=self._rank)
            self._waiting.remove(ticket)
            self._running[ticket.asker] += 1
            self._note(ticket.asker)
            ticket.turn.set()

    def _ready(self) -> list[Ticket]:
        return [ticket for ticket in self._waiting if not self._running[ticket.asker]]

    def _rank(self, ticket: Ticket) -> tuple[int, int, int]:
        address, asker = self._served.get(ticket.asker.address, 0), self._served.get(ticket.asker, 0)
        return address, asker, ticket.number

    def _note(self, asker: Asker) -> None:
        """Who is neither waiting nor at work is forgotten once there are many."""
        self._numbers += 1
        for who in (asker.address, asker):
            self._served.pop(who, None)
            self._served[who] = self._numbers
        while len(self._served) > 4096:
            self._served.pop(next(iter(self._served)))

    def _leave(self, ticket: Ticket) -> None:
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        else:
            self._running[ticket.asker] -= 1
            self._running += Counter()  # drops those at nought
        self._call_next()


@dataclass(frozen=True, slots=True)
class Place:
    """One's own place; `come` tells how many are still ahead, at least every `heartbeat_s`, until it is one's turn."""

    turns: Turns
    ticket: Ticket

    async def come(self, heartbeat_s: float = 1.0) -> AsyncGenerator[int, None]:
        while not self.ticket.turn.is_set():
            yield self.turns.ahead_of(self.ticket)
            try:
                await asyncio.wait_for(self.ticket.turn.wait(), heartbeat_s)
            except TimeoutError:
                continue
