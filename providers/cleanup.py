"""No prediction is left running at our cost when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from replicate.prediction import Prediction

from errors import PredictionFailed, ProviderError
from providers.replicate_client import ReplicateApi

LATE_S = 3.0


@asynccontextmanager
async def cancelled_if_abandoned(api: ReplicateApi, prediction_id: str) -> AsyncIterator[None]:
    """Cancel the prediction when the wait for it breaks off, whatever the reason, then let the reason through."""
    try:
        yield
    except BaseException as reason:
        if not _aborted(reason):
            await to_the_end(api.cancel(prediction_id))
        raise


async def bought(creation: Coroutine[Any, Any, Prediction], api: ReplicateApi) -> Prediction:
    """Await a creation; when the task is cancelled meanwhile, still learn the id, and cancel what was bought."""
    task = asyncio.ensure_future(creation)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await to_the_end(_cancelled_late(task, api))
        raise


async def _cancelled_late(creation: asyncio.Future[Prediction], api: ReplicateApi) -> None:
    with suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(LATE_S):
            prediction = await creation
        await api.cancel(prediction.id)


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
