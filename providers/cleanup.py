"""No prediction is left running at our cost when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from replicate.prediction import Prediction

from errors import PredictionFailed, ProviderError
from providers.reconcile import Wanted, found
from providers.replicate_client import ReplicateApi

LATE_S = 3.0


@asynccontextmanager
async def cancelled_if_abandoned(
    api: ReplicateApi, prediction_id: str, handed_over: Callable[[], bool]
) -> AsyncIterator[None]:
    """Cancel the prediction when the wait for it breaks off, whatever the reason, then let the reason through."""
    try:
        yield
    except BaseException as reason:
        if not _aborted(reason) and not handed_over():
            await to_the_end(api.cancel(prediction_id))
        raise


async def purchased(
    creation: Coroutine[Any, Any, Prediction],
    api: ReplicateApi,
    token: str,
    handed_over: Callable[[], bool],
    learnt: Callable[[str], None],
) -> Prediction:
    """Await a creation; when the task is cancelled meanwhile, still tell its id, and cancel what was bought."""
    task = asyncio.ensure_future(creation)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if handed_over():
            task.cancel()
        else:
            await to_the_end(_cancelled_late(task, api, token, learnt))
        raise


async def _cancelled_late(
    creation: asyncio.Future[Prediction], api: ReplicateApi, token: str, learnt: Callable[[str], None]
) -> None:
    with suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(LATE_S):
            prediction_id = await _id_of(creation, api, token)
        if prediction_id:
            learnt(prediction_id)
            await api.cancel(prediction_id)


async def _id_of(creation: asyncio.Future[Prediction], api: ReplicateApi, token: str) -> str | None:
    """From the answer, or when that is unclear from the list."""
    try:
        return str((await creation).id)
    except ProviderError as error:
        return await found(api, Wanted(token), error.code) if error.facts.get("unsure") else None


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
