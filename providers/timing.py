"""Time and chance as arguments, and the one deadline of a call."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

FIRST_BACKOFF_S = 0.5


@dataclass(frozen=True, slots=True)
class Timing:
    """What a provider may know of time and chance: seconds from anywhere, a pause, a number in [0, 1)."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(self.clock() + seconds, self)

    def backoff(self, failures: int) -> float:
        """Full jitter: anywhere between nothing and a bound that doubles with each failure, in seconds."""
        return self.chance() * FIRST_BACKOFF_S * 2.0**failures


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the clock after which a call is worth nothing any more."""

    at: float
    timing: Timing

    @property
    def left(self) -> float:
        """Seconds, never below zero."""
        return max(0.0, self.at - self.timing.clock())

    @property
    def passed(self) -> bool:
        return self.left <= 0

    async def pause(self, seconds: float) -> None:
        """Sleep, but never past the deadline."""
        await self.timing.sleep(min(seconds, self.left))
