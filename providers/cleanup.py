"""No prediction is left running at our cost when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from errors import PredictionFailed
from providers.replicate_client import ReplicateApi


@asynccontextmanager
async def cancelled_if_abandoned(api: ReplicateApi, prediction_id: str) -> AsyncIterator[None]:
    """Cancel the prediction when the wait for it breaks off, whatever the reason, then let the reason through."""
    try:
        yield
    except BaseException as reason:
        if not _aborted(reason):
            await to_the_end(api.cancel(prediction_id))
        raise


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
