"""When a call may be made again: a read three times, a purchase only after it was turned away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from errors import Throttled, TimedOut, TransientError
from providers.budget import RetryBudget
from providers.timing import Deadline

T = TypeVar("T")
TRIES = 3
MAX_RETRY_AFTER_S = 5.0
DEFAULT_RETRY_AFTER_S = 1.0


async def up_to_three_times(read: Callable[[], Awaitable[T]], deadline: Deadline, budget: RetryBudget) -> T:
    """Repeat what changes nothing at the other side, with full jitter, while deadline and budget allow.

    A time that the provider asks for is waited for, or the read is given up when that is longer than what is left.
    """
    budget.earn()
    failures = 0
    while True:
        try:
            return await read()
        except (TransientError, TimedOut) as error:
            failures += 1
            asked = _asked(error)
            if failures == TRIES or deadline.passed or asked >= deadline.left or not budget.spend():
                raise
            await deadline.pause(max(deadline.timing.backoff(failures), asked))


async def once_more_after_429(purchase: Callable[[], Awaitable[T]], deadline: Deadline, budget: RetryBudget) -> T:
    """Repeat a POST once, and only after a 429: nothing else says for certain that nothing was created."""
    budget.earn()
    try:
        return await purchase()
    except Throttled as error:
        wait = DEFAULT_RETRY_AFTER_S if error.retry_after is None else error.retry_after
        if wait > MAX_RETRY_AFTER_S or wait >= deadline.left or not budget.spend():
            raise
        await deadline.pause(wait)
    return await purchase()


def _asked(error: Exception) -> float:
    return (error.retry_after or 0.0) if isinstance(error, Throttled) else 0.0
