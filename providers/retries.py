"""When a call may be made again: a read three times, a purchase only where nothing was bought."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from errors import ConnectionLost, Throttled, TimedOut, TransientError
from providers.budget import RetryBudget
from providers.timing import Deadline

T = TypeVar("T")
TRIES = 3
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


async def once_more_when_not_bought(
    purchase: Callable[[], Awaitable[T]], deadline: Deadline, budget: RetryBudget, needs_s: float = 0.0
) -> T:
    """Repeat a POST once, where it is certain that nothing was created: after a 429, or when nobody was reached.

    The time that the provider asks for is waited for when that leaves `needs_s` for the work itself.
    """
    budget.earn()
    try:
        return await purchase()
    except (Throttled, ConnectionLost) as error:
        wait = _wait_before_repeating(error, deadline)
        if wait is None or wait + needs_s >= deadline.left or not budget.spend():
            raise
        await deadline.pause(wait)
    return await purchase()


def _wait_before_repeating(error: Throttled | ConnectionLost, deadline: Deadline) -> float | None:
    """Never less than was asked for, and not all at the same moment; None when something may have been created."""
    if isinstance(error, Throttled):
        asked = DEFAULT_RETRY_AFTER_S if error.retry_after is None else error.retry_after
        return asked + deadline.timing.backoff(1)
    return deadline.timing.backoff(1) if error.facts.get("reached") is False else None


def _asked(error: Exception) -> float:
    return (error.retry_after or 0.0) if isinstance(error, Throttled) else 0.0
