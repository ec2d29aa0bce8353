"""One thread for what is heavy: one job after another, off the event loop, and ended when nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from errors import TimedOut

Result = TypeVar("Result")


class Abandoned(Exception):
    """Nobody waits for the job any more; ends it, and is never seen outside its thread."""


class Stop:
    """How a job hears that nobody waits for it any more."""

    def __init__(self) -> None:
        self._set = threading.Event()
        self._calls: list[Callable[[], object]] = []

    def set(self) -> None:
        self._set.set()
        for call in tuple(self._calls):
            call()

    def then(self, call: Callable[[], object]) -> None:
        """Have `call` made at the stop, or now when it has come; possibly twice."""
        self._calls.append(call)
        if self._set.is_set():
            call()

    def check(self) -> None:
        """Raise `Abandoned` once the stop has come."""
        if self._set.is_set():
            raise Abandoned


class Worker:
    """Does one job after another in a thread that is made for the first; a job that has not begun is dropped."""

    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def do(self, job: Callable[[Stop], Result], seconds: float) -> Result:
        """What `job` returns or raises.

        Raises:
            TimedOut: the job, with its wait for others, took longer than `seconds`.
        """
        stop = Stop()
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, job, stop)
        except TimeoutError:
            raise TimedOut(f"the engine took longer than {seconds:.0f} s") from None
        finally:
            stop.set()
