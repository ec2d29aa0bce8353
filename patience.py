"""Work that lets others pass: one visitor's tenth photo, or a batch's, while somebody else waits in front of the page.

A thread of low priority is not enough: where two work at once they share caches, memory and the interpreter. So the
patient begin nothing, and go on with nothing, while others' pixels are worked on.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

PATIENT: ContextVar[bool] = ContextVar("patient", default=False)
"""Whether what is done here and now lets others pass."""


@contextmanager
def patiently() -> Generator[None, None, None]:
    """What is done in the block lets others pass."""
    before = PATIENT.set(True)
    try:
        yield
    finally:
        PATIENT.reset(before)


class Lull:
    """When others have had no pixels worked on for `moment_s`: between two steps of one run there is none.

    The patient look for it every `look_s`, for `most_s` at each step: patience ends where somebody is always at work.
    Any loop and any thread may use it.
    """

    def __init__(self, look_s: float = 0.01, moment_s: float = 0.05, most_s: float = 0.5) -> None:
        self._look_s, self._moment_s, self._most_s = look_s, moment_s, most_s
        self._lock, self._at_work, self._last = threading.Lock(), 0, -moment_s

    @contextmanager
    def broken(self) -> Generator[None, None, None]:
        """Somebody waits for what is done in the block."""
        with self._lock:
            self._at_work += 1
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1
                self._last = time.monotonic()

    def waits(self) -> Iterator[float]:
        """The seconds to wait before each next look, until it has come or patience has ended."""
        ends = time.monotonic() + self._most_s
        while self._is_broken() and time.monotonic() < ends:
            yield self._look_s

    def _is_broken(self) -> bool:
        with self._lock:
            return self._at_work > 0 or time.monotonic() - self._last < self._moment_s


LULL = Lull()


def waited_for() -> AbstractContextManager[None]:
    """Around work that somebody waits for: there is no lull."""
    return LULL.broken()


async def lull() -> None:
    """Before something begins: it waits for one."""
    for seconds in LULL.waits():
        await asyncio.sleep(seconds)


def give_way() -> None:
    """Between the parts of long work, in its thread: who is patient waits for a lull."""
    if PATIENT.get():
        for seconds in LULL.waits():
            time.sleep(seconds)
