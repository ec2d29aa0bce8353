"""The queue inside one process: the database's own rows, a few at a time, in the order of their turns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from batches.desk import Desk, ItemClaim, ItemKey
from errors import DatabaseError

log = structlog.get_logger("cutout_router")

LOOK_S = 5.0  # for photos that another process let go of
PAUSE_S = 2.0  # after one that could not be worked on right now

Work = Callable[[ItemClaim], Awaitable[bool]]


class Queue(Protocol):
    """Says whose turn it is. Which photos wait, and who works on them, is known by the desk alone."""

    async def put(self, keys: Sequence[ItemKey]) -> None:
        """Photos that wait; to be told twice of one changes nothing."""

    async def work(self, work: Work) -> None:
        """For ever, until cancelled."""


class LocalQueue:
    """At most `at_once` photos are worked on; `paused` is true while the process takes no more."""

    def __init__(self, desk: Desk, at_once: int, paused: Callable[[], bool] = lambda: False) -> None:
        self._desk = desk
        self._at_once = at_once
        self._paused = paused
        self._more = asyncio.Event()

    async def put(self, keys: Sequence[ItemKey]) -> None:
        if keys:
            self._more.set()

    async def work(self, work: Work) -> None:
        room = asyncio.Semaphore(self._at_once)
        async with asyncio.TaskGroup() as group:
            while True:
                await room.acquire()
                self._more.clear()
                claim = await self._next()
                if claim:
                    group.create_task(self._one(claim, work, room))
                    continue
                room.release()
                await self._rest(LOOK_S)

    async def _one(self, claim: ItemClaim, work: Work, room: asyncio.Semaphore) -> None:
        """A photo that breaks its worker stays taken until its lease has lapsed; the others go on."""
        try:
            if not await work(claim):
                await asyncio.sleep(PAUSE_S)
        except Exception:
            log.exception("batch.worker_broke", batch_id=claim.key.batch_id, number=claim.key.number)
        finally:
            room.release()

    async def _next(self) -> ItemClaim | None:
        if self._paused():
            return None
        try:
            return await asyncio.to_thread(self._desk.take_next)
        except DatabaseError as error:
            log.warning("batch.queue_waits", reason=str(error))
            return None

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._more.wait(), seconds)
        except TimeoutError:
            return
