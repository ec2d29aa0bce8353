"""Whose photo is worked on next: few at once, a bounded line that tells its length, and turns by visitor.

Served first is the address, and within it the session, whose last turn is longest ago; so whoever sends much waits
behind whoever sends little. One session has one run at a time, and while others come as well, so has an address.
Either pauses after each run while others come, and its next one is patient: it lets theirs pass.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from errors import Busy, Stopping


@dataclass(frozen=True, slots=True)
class Asker:
    """Who waits: a visitor as `visitor_of` names an address, and a page or client of theirs."""

    address: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """How many runs at once, and how many may wait: in all, from one address, from one session.

    A pause is so many times as long as the run before it, and no longer than `longest_pause_s`.
    """

    at_once: int = 4
    waiting: int = 64
    of_address: int = 48
    of_session: int = 16
    pause: float = 6
    longest_pause_s: float = 5

    def is_full(self, waiting: Counter[Asker], asker: Asker) -> bool:
        """Whether one more of theirs finds no place beside those who wait."""
        of_address = sum(places for who, places in waiting.items() if who.address == asker.address)
        return waiting.total() >= self.waiting or of_address >= self.of_address or waiting[asker] >= self.of_session


HEARTBEAT_S = 5.0  # every word to somebody who waits costs Gradio 15 ms
FAR_BACK = 8  # so many ahead: half as many words; no fewer, since Gradio notices with one that somebody has left
SHARED_FOR_S = 30.0  # how long somebody counts as one of those who come


Later = Callable[[float, Callable[[], None]], object]


def call_later(seconds: float, work: Callable[[], None]) -> object:
    """On the loop that serves."""
    return asyncio.get_running_loop().call_later(seconds, work)


@dataclass(eq=False, slots=True)
class Ticket:
    asker: Asker
    number: int
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    begun: float = 0.0
    patient: bool = False


class Turns:
    """Belongs to the loop that serves; nothing in it waits for anything but a turn."""

    def __init__(
        self, room: Room = Room(), clock: Callable[[], float] = time.monotonic, later: Later = call_later
    ) -> None:
        self.room, self._clock, self._later = room, clock, later
        self._rests: dict[Hashable, float] = {}
        self._seen: dict[Hashable, float] = {}
        self._ended: dict[Hashable, float] = {}
        self._waiting: list[Ticket] = []
        self._running: Counter[Asker] = Counter()
        self._served: dict[Hashable, int] = {}
        self._numbers = 0
        self.closed = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def at_work(self) -> int:
        return self._running.total()

    @property
    def standing(self) -> Counter[Asker]:
        """How many wait, by who they are."""
        return Counter(ticket.asker for ticket in self._waiting)

    @property
    def running(self) -> Counter[Asker]:
        return self._running.copy()

    @asynccontextmanager
    async def place(self, asker: Asker) -> AsyncGenerator[Place, None]:
        """A place in the line, and then at work, until the block is left.

        Raises:
            Busy: the line is full.
            Stopping: it is closed.
        """
        if self.closed:
            raise Stopping
        self._admit(asker)
        self._note_arrival(asker)
        self._numbers += 1
        ticket = Ticket(asker, self._numbers)
        self._waiting.append(ticket)
        self._call_next()
        try:
            yield Place(self, ticket)
        finally:
            self._leave(ticket)

    def close(self) -> None:
        """Nobody's turn will come any more: who waits hears so at once."""
        self.closed = True
        for ticket in self._waiting:
            ticket.turn.set()

    def ahead_of(self, ticket: Ticket) -> int:
        """How many are served before this one, if nobody else comes."""
        return sorted(self._waiting, key=self._rank).index(ticket) if ticket in self._waiting else 0

    def _admit(self, asker: Asker) -> None:
        if self.room.is_full(self.standing, asker):
            raise Busy(reason="line", waiting=self.waiting)

    def _call_next(self) -> None:
        while not self.closed and self.at_work < self.room.at_once and (ready := self._ready()):
            ticket = min(ready, key=self._rank)
            self._waiting.remove(ticket)
            self._running[ticket.asker] += 1
            self._note(ticket.asker)
            ticket.begun = now = self._clock()
            ticket.patient = any(self._is_shared(who, now) and who in self._ended for who in _names(ticket.asker))
            ticket.turn.set()

    def _ready(self) -> list[Ticket]:
        now = self._clock()
        return [ticket for ticket in self._waiting if self._may_work(ticket.asker, now)]

    def _may_work(self, asker: Asker, now: float) -> bool:
        if asker in self._running:
            return False
        at_work = any(who.address == asker.address for who in self._running)
        if self._is_shared(asker.address, now) and (at_work or self._rests.get(asker.address, 0) > now):
            return False
        return not (self._is_shared(asker, now) and self._rests.get(asker, 0) > now)

    def _is_shared(self, who: str | Asker, now: float) -> bool:
        """Whether others came lately: other addresses, or other sessions of the same address."""
        return any(seen > now - SHARED_FOR_S and _beside(other, who) for other, seen in self._seen.items())

    def _rank(self, ticket: Ticket) -> tuple[int, int, int]:
        address, asker = self._served.get(ticket.asker.address, 0), self._served.get(ticket.asker, 0)
        return address, asker, ticket.number

    def _note(self, asker: Asker) -> None:
        """Who is neither waiting nor at work is forgotten once there are many."""
        self._numbers += 1
        for who in _names(asker):
            self._served.pop(who, None)
            self._served[who] = self._numbers
        while len(self._served) > 4096:
            self._served.pop(next(iter(self._served)))

    def _leave(self, ticket: Ticket) -> None:
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        else:
            self._running -= Counter([ticket.asker])
            self._rest(ticket)
        self._call_next()

    def _note_arrival(self, asker: Asker) -> None:
        now = self._clock()
        self._seen = {who: seen for who, seen in self._seen.items() if seen > now - SHARED_FOR_S}
        self._rests = {who: until for who, until in self._rests.items() if until > now}
        self._ended = {who: ended for who, ended in self._ended.items() if ended > now - SHARED_FOR_S}
        self._seen.update(dict.fromkeys(_names(asker), now))

    def _rest(self, ticket: Ticket) -> None:
        now = self._clock()
        pause = min(self.room.pause * (now - ticket.begun), self.room.longest_pause_s)
        for who in _names(ticket.asker):
            self._ended[who], self._rests[who] = now, now + pause
        self._later(pause + 0.01, self._call_next)  # also for those who come only now


def _names(asker: Asker) -> tuple[str, Asker]:
    """Whoever is counted by it: the address, and the page or client of it."""
    return asker.address, asker


def _beside(other: Hashable, who: str | Asker) -> bool:
    if isinstance(who, Asker):
        return isinstance(other, Asker) and other != who and other.address == who.address
    return isinstance(other, str) and other != who


@dataclass(frozen=True, slots=True)
class Place:
    """One's own place; `come` tells how many are still ahead, again and again, until it is one's turn.

    It raises `Stopping` when that will never be.
    """

    turns: Turns
    ticket: Ticket

    @property
    def patient(self) -> bool:
        """Whether this run lets others pass: its address or session had one a moment ago, and is not alone."""
        return self.ticket.patient

    async def arrive(self, within_s: float) -> None:
        """Without a word meanwhile; raises `Busy` when it is not one's turn by then."""
        if self.ticket.turn.is_set():
            return
        try:
            await asyncio.wait_for(self.ticket.turn.wait(), within_s)
        except TimeoutError:
            raise Busy(reason="line", waiting=self.turns.waiting) from None

    async def come(self, heartbeat_s: float = HEARTBEAT_S) -> AsyncGenerator[int, None]:
        """Less often far back: a full line would take a seventh of a processor to hear of itself."""
        while not self.ticket.turn.is_set():
            ahead = self.turns.ahead_of(self.ticket)
            yield ahead
            try:
                await asyncio.wait_for(self.ticket.turn.wait(), heartbeat_s * (2 if ahead >= FAR_BACK else 1))
            except TimeoutError:
                continue
        if self.turns.closed:
            raise Stopping
