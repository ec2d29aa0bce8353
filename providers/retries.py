"""When a call may be made again: a read three times, a purchase only after it was turned away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from errors import Throttled, TimedOut, TransientError
from providers.timing import Deadline

T = TypeVar("T")
TRIES = 3
MAX_RETRY_AFTER_S = 5.0
DEFAULT_RETRY_AFTER_S = 1.0


async def up_to_three_times(read: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
    """Repeat what changes nothing at the other side, with full jitter, while the deadline allows."""
    failures = 0
    while True:
        try:
            return await read()
        except (TransientError, TimedOut) as error:
            failures += 1
            if failures == TRIES or deadline.passed:
                raise
            await deadline.pause(max(deadline.timing.backoff(failures), _asked(error)))


async def once_more_after_429(purchase: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
    """Repeat a POST once, and only after a 429: nothing else says for certain that nothing was created."""
    try:
        return await purchase()
    except Throttled as error:
        wait = DEFAULT_RETRY_AFTER_S if error.retry_after is None else error.retry_after
        if wait > MAX_RETRY_AFTER_S or wait >= deadline.left:
            raise
        await deadline.pause(wait)
    return await purchase()


def _asked(error: Exception) -> float:
    asked = error.retry_after if isinstance(error, Throttled) else None
    return min(asked or 0.0, MAX_RETRY_AFTER_S)
