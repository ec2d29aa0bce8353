"""No prediction is left running at our cost when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from errors import PredictionFailed, ProviderError, Unsure
from providers.base import Fate, Listener, Progress, Stage
from providers.reconcile import Bought, id_of
from providers.replicate_client import ReplicateApi

T = TypeVar("T", bound=Bought | None)

LATE_S = 10.0
"""How long a purchase that nobody wants any more may take to be known, so that it can be cancelled."""
FATES: Mapping[str | None, Fate] = {
    "succeeded": Fate.PAID,
    "canceled": Fate.PAID,
    "failed": Fate.FREE,
    "aborted": Fate.FREE,
}
"""By the status in which it ended (https://replicate.com/docs/topics/predictions/lifecycle)."""


@asynccontextmanager
async def cancelled_if_abandoned(
    api: ReplicateApi, prediction_id: str, handed_over: Callable[[], bool], listen: Listener
) -> AsyncIterator[None]:
    """Cancel the prediction when the wait for it breaks off, whatever the reason, then let the reason through."""
    try:
        yield
    except BaseException as reason:
        if not _aborted(reason) and not handed_over():
            await to_the_end(_cancelled(api, prediction_id, listen))
        raise


async def purchased(
    purchase: Coroutine[Any, Any, T], api: ReplicateApi, handed_over: Callable[[], bool], listen: Listener
) -> T:
    """Await a purchase, or the look-up of one, that raises `Unsure` when nobody can tell whether it was made.

    When the task is cancelled meanwhile, still cancel what was bought, and tell what became of it.
    """
    task = asyncio.ensure_future(purchase)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if handed_over():
            task.cancel()
        else:
            await to_the_end(_cancelled_late(task, api, listen))
        raise


async def _cancelled_late(purchase: asyncio.Future[T], api: ReplicateApi, listen: Listener) -> None:
    try:
        async with asyncio.timeout(LATE_S):
            bought = await purchase
    except (Unsure, TimeoutError):
        listen(Progress(Stage.SENDING, fate=Fate.UNSURE))
    except ProviderError:
        return  # nothing was bought
    else:
        if bought:
            listen(Progress(Stage.SENDING, id_of(bought)))
            await _cancelled(api, id_of(bought), listen)


async def _cancelled(api: ReplicateApi, prediction_id: str, listen: Listener) -> None:
    fate = FATES.get(await api.cancel(prediction_id))
    if fate:
        listen(Progress(Stage.WORKING, prediction_id, fate=fate))


async def settled(api: ReplicateApi, prediction_id: str) -> Fate:
    """Cancel the prediction, and look at it when the answer to that does not tell how it ended."""
    fate = FATES.get(await api.cancel(prediction_id))
    return fate or FATES.get(await api.status(prediction_id), Fate.UNSURE)


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Do a short, bounded piece of work even when the task is cancelled (again) meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _aborted(reason: BaseException) -> bool:
    return isinstance(reason, PredictionFailed) and reason.facts.get("status") == "aborted"
