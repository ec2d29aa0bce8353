"""The runs that this process carries out, and how it lets go of them when it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from errors import Stopping


class Worker(Protocol):
    """Something that can be left to the next process at any moment."""

    def hand_over(self) -> None: ...


class Roster:
    """Belongs to one process; everything in it happens in the loop's own thread."""

    def __init__(self) -> None:
        self._at_work: dict[asyncio.Task[object], Worker] = {}
        self.stopping = False

    def admit(self) -> None:
        """Raises `Stopping` when no run may begin any more."""
        if self.stopping:
            raise Stopping

    @contextmanager
    def working(self, worker: Worker, task: asyncio.Task[object]) -> Iterator[None]:
        self._at_work[task] = worker
        try:
            yield
        finally:
            self._at_work.pop(task, None)

    async def stop(self, grace_s: float) -> int:
        """No new runs from now on; after `grace_s` those that are not over are handed over. Answers with how many."""
        self.stopping = True
        if self._at_work:
            await asyncio.wait(set(self._at_work), timeout=grace_s)
        left = {task: worker for task, worker in self._at_work.items() if not task.done()}
        for worker in left.values():
            worker.hand_over()
        if left:
            await asyncio.wait(set(left), timeout=grace_s)
        return len(left)
