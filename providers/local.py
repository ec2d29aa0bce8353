"""Engines that run on this machine, without a token and without a price."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import heavy
from domain import ModelInfo, OutputKind, Photo, ProviderOutput, Raster, Readiness
from errors import EngineFault, TimedOut
from providers.base import NO_TRAIL, Fate, Listener, Progress, Stage, Trail

Engine = Callable[[Raster], Raster]


class LocalProvider:
    """Runs an injected engine, picture in and matte out, in a thread; without an engine it is never ready."""

    def __init__(self, engine: Engine | None, missing: str) -> None:
        self._engine = engine
        self._missing = missing

    def ready(self, model: ModelInfo) -> Readiness:  # noqa: ARG002  # the protocol's: an engine serves one model
        return Readiness(ready=True) if self._engine else Readiness(ready=False, reason=self._missing)

    async def run(
        self,
        photo: Photo,
        model: ModelInfo,  # noqa: ARG002  # the protocol's
        deadline_s: float,
        listen: Listener,
        trail: Trail = NO_TRAIL,  # noqa: ARG002  # nothing here is bought, so it is simply done again
    ) -> ProviderOutput:
        """The engine's matte. Past the deadline its thread is left to end by itself: threads cannot be stopped."""
        if self._engine is None:
            raise EngineFault(self._missing)
        listen(Progress(Stage.WORKING))
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit:

                def begin(engine: Engine) -> Raster:
                    """Waiting for a thread is no fault of the engine's, so its time counts from here."""
                    loop.call_soon_threadsafe(_count_from_now, limit, loop, deadline_s)
                    return _guarded(engine, photo.pixels)

                return ProviderOutput(await heavy.do(begin, self._engine), OutputKind.MASK)
        except TimeoutError:
            raise TimedOut(f"the engine took longer than {deadline_s:.0f} s") from None

    async def abandon(self, trail: Trail, deadline_s: float) -> Fate:  # noqa: ARG002  # the protocol's
        return Fate.FREE


def _count_from_now(limit: asyncio.Timeout, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    with suppress(RuntimeError):  # nobody waits any more
        limit.reschedule(loop.time() + seconds)


def _guarded(engine: Engine, pixels: Raster) -> Raster:
    """The border to engines: whatever breaks in one is an `EngineFault`, a `TimeoutError` of its own included."""
    try:
        return engine(pixels)
    except (Exception, MemoryError) as error:
        raise EngineFault(f"the engine broke: {type(error).__name__}") from error
