"""How a model is called: one protocol for hosted and local models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain import ModelInfo, Photo, ProviderOutput, Raster, Readiness


class Stage(StrEnum):
    """What an attempt is doing right now."""

    FETCHING = "fetching"
    SENDING = "sending"
    BOOTING = "booting"
    WORKING = "working"
    DOWNLOADING = "downloading"


@dataclass(frozen=True, slots=True)
class Come:
    """Bytes of a file that are there, of all that it has."""

    done: int
    whole: int

    @property
    def share(self) -> float:
        return min(self.done / self.whole, 1.0) if self.whole else 1.0


class Fate(StrEnum):
    """What became of a purchase that nobody waits for any more: it costs nothing, its price, or nobody can tell."""

    FREE = "free"
    PAID = "paid"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Progress:
    """Told to the listener as it happens; `prediction_id` as soon as there is one, `token` before anything is bought.

    `come` is how much of what is fetched is there, when that is known; `fate` ends a call that broke off.
    """

    stage: Stage
    prediction_id: str | None = None
    come: Come | None = None
    token: str | None = None
    fate: Fate | None = None


Listener = Callable[[Progress], None]
Books = Callable[[Progress], Awaitable[None]]


async def no_books(_: Progress) -> None:
    """Nothing is written down."""


@dataclass(frozen=True, slots=True)
class Trail:
    """What an earlier process left of this very call: its prediction, or the token that it sent and when.

    `handed_over` is asked when the call breaks off: true lets the prediction run on, for the next process to take up.
    `write_down` is awaited with the token before anything is bought, and with the prediction's id as soon as there is
    one; what it raises ends the call.
    """

    prediction_id: str | None = None
    token: str | None = None
    sent_at: datetime | None = None
    handed_over: Callable[[], bool] = lambda: False
    write_down: Books = no_books


NO_TRAIL = Trail()


class PictureCodec(Protocol):
    """Pictures as bytes and back; decoding raises `InvalidPhoto` on anything that is no sound picture."""

    def encode(self, pixels: Raster) -> bytes:
        """A PNG or JPEG that every provider reads."""
        ...

    def decode(self, data: bytes) -> Raster: ...


class Provider(Protocol):
    """One way to call a model. `run` raises only `ProviderError` and, when its task is cancelled, cleans up first."""

    def ready(self, model: ModelInfo) -> Readiness: ...

    async def run(
        self, photo: Photo, model: ModelInfo, deadline_s: float, listen: Listener, trail: Trail = NO_TRAIL
    ) -> ProviderOutput:
        """Call the model, or go on where `trail` ends; `deadline_s` is how many seconds it may take from now."""
        ...

    async def abandon(self, trail: Trail, deadline_s: float) -> Fate:
        """Cancel what an earlier process left where `trail` ends, and tell what became of it.

        It takes `deadline_s` and a few seconds more at most, and raises nothing.
        """
        ...
