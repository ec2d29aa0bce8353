"""BiRefNet-lite on this machine: the weights that are here, or that may be fetched, run by ONNX Runtime."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from domain import ModelInfo, OutputKind, Photo, ProviderOutput, Raster, Readiness
from errors import EngineFault, WeightsFault
from providers.base import NO_TRAIL, Come, Fate, Listener, Progress, Stage, Trail
from providers.fetching import Fetcher
from providers.onnx_session import Contract, Floats, OnnxSession, runtime_there
from providers.timing import Deadline, Timing
from providers.weights import Missing, Weights
from providers.worker import Stop, Worker

SIDE = 1024
CONTRACT = Contract(takes=(1, 3, SIDE, SIDE), gives=(1, 1, SIDE, SIDE))
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""ImageNet's, of RGB in [0, 1], as in BiRefNet's published preprocessing."""


@dataclass(frozen=True, slots=True)
class LiteConfig:
    """Without weights the model is never ready; without a fetcher, weights must be there already."""

    weights: Weights | None = None
    fetcher: Fetcher | None = None
    threads: int = 2
    runtime_there: Callable[[], bool] = runtime_there


class BirefnetLiteProvider:
    """One photo at a time: a run takes some gigabytes of memory, and two would take twice that."""

    def __init__(self, config: LiteConfig, timing: Timing) -> None:
        self._config = config
        self._timing = timing
        self._worker = Worker("birefnet-lite")
        self._session = OnnxSession(self._weights.read, CONTRACT, config.threads) if config.weights else None

    def ready(self, model: ModelInfo) -> Readiness:  # noqa: ARG002  # the protocol's
        missing = self._missing()
        fetches = missing is None and not self._weights.there
        return Readiness(ready=missing is None, reason=missing, fetches=fetches)

    async def run(
        self,
        photo: Photo,
        model: ModelInfo,  # noqa: ARG002  # the protocol's
        deadline_s: float,
        listen: Listener,
        trail: Trail = NO_TRAIL,  # noqa: ARG002  # nothing here is bought, so it is simply done again
    ) -> ProviderOutput:
        """The graph's matte at the photo's size, after the weights were fetched if need be."""
        missing = self._missing()
        if missing:
            raise EngineFault(missing)
        deadline = self._timing.deadline(deadline_s)
        if not self._weights.there:
            await self._fetch(deadline, listen)
        listen(Progress(Stage.WORKING))
        matte = await self._worker.do(partial(self._matte, photo.pixels), deadline.left)
        return ProviderOutput(matte, OutputKind.MASK)

    async def abandon(self, trail: Trail, deadline_s: float) -> Fate:  # noqa: ARG002  # the protocol's
        return Fate.FREE

    @property
    def _weights(self) -> Weights:
        if self._config.weights is None:
            raise EngineFault(Missing.NO_WEIGHTS)
        return self._config.weights

    def _missing(self) -> Missing | None:
        if not self._config.runtime_there():
            return Missing.NO_RUNTIME
        missing = self._config.weights.missing() if self._config.weights else Missing.NO_WEIGHTS
        return None if missing is Missing.NO_WEIGHTS and self._config.fetcher else missing

    async def _fetch(self, deadline: Deadline, listen: Listener) -> None:
        """What comes in is told from the loop's own thread, as everything else is."""
        listen(Progress(Stage.FETCHING))
        loop = asyncio.get_running_loop()

        def tell(come: Come) -> None:
            loop.call_soon_threadsafe(listen, Progress(Stage.FETCHING, come=come))

        def fetch(stop: Stop) -> None:
            if self._config.fetcher:
                self._config.fetcher.fetch(self._weights.path, tell, stop)

        await self._worker.do(fetch, deadline.left)

    def _matte(self, pixels: Raster, stop: Stop) -> Raster:
        """The border to NumPy, OpenCV and the graph: whatever breaks is an `EngineFault`."""
        if self._session is None:
            raise EngineFault(Missing.NO_WEIGHTS)
        try:
            return matte_of(self._session.run(tensor_of(pixels), stop), pixels.size)
        except WeightsFault:
            self._weights.refuse()
            raise
        except EngineFault:
            raise
        except (Exception, MemoryError) as error:
            raise EngineFault(f"the engine broke: {type(error).__name__}") from error


def tensor_of(pixels: Raster) -> Floats:
    """The whole picture stretched to the graph's square: float32 (1, 3, 1024, 1024), RGB, normalised."""
    rgb = _rgb(pixels)
    smaller = max(pixels.size) > SIDE
    square = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    normal = (square.astype(np.float32) / 255 - MEAN) / DEVIATION
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[np.newaxis], np.float32)


def matte_of(logits: Floats, size: tuple[int, int]) -> Raster:
    """The sigmoid of (1, 1, 1024, 1024) as "L" of `size`, which is (width, height)."""
    share = 0.5 * (1 + np.tanh(logits[0, 0] / 2))
    smaller = max(size) < SIDE
    fitted = cv2.resize(share, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return Raster(*size, "L", np.rint(fitted * 255).astype(np.uint8).tobytes())


def _rgb(pixels: Raster) -> NDArray[np.uint8]:
    """(height, width, 3); transparency lies on white."""
    flat = np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.width, len(pixels.mode))
    if pixels.mode == "L":
        return np.repeat(flat, 3, axis=2)
    if pixels.mode == "RGB":
        return flat
    alpha = flat[..., 3:].astype(np.uint16)
    return ((flat[..., :3] * alpha + 255 * (255 - alpha)) // 255).astype(np.uint8)
