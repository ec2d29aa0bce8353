"""A hosted model as a template of steps: payload, create, wait, download, read."""

from __future__ import annotations

import asyncio
import base64
import ssl
import uuid
from collections.abc import Mapping

from replicate.prediction import Prediction

from domain import Fact, ModelInfo, OutputKind, Photo, ProviderOutput, Raster, Readiness
from errors import InvalidPhoto, PredictionFailed, ProviderError, RefusedRequest, TimedOut
from providers.base import NO_TRAIL, Fate, Listener, PictureCodec, Progress, Stage, Trail
from providers.budget import RetryBudget
from providers.cleanup import cancelled_if_abandoned, purchased, settled
from providers.download import Downloader
from providers.mark import marked
from providers.output import address_of, bad_output, not_a_picture
from providers.reconcile import Bought, Wanted, created, found, id_of
from providers.replicate_client import ReplicateApi, replicate_api
from providers.replicate_config import ReplicateConfig
from providers.replicate_errors import failed, redacted
from providers.retries import once_more_when_not_bought, up_to_three_times
from providers.timing import Timing

MAX_EMBEDDED = 190_000  # bytes; a data URI of about 256 kB
FIRST_POLL_S, MAX_POLL_S, POLL_GROWTH = 0.5, 2.0, 1.5
MIN_SIDE_PX = 16
ENDED = frozenset({"succeeded", "failed", "canceled"})
STAGES = {"starting": Stage.BOOTING}


class ReplicateProvider:
    """Runs one prediction; a subclass says what its model's input looks like."""

    def __init__(
        self,
        config: ReplicateConfig,
        codec: PictureCodec,
        tls: ssl.SSLContext,
        timing: Timing,
        budget: RetryBudget,
    ) -> None:
        self.config = config
        self._codec = codec
        self._tls = tls
        self._timing = timing
        self._budget = budget

    def payload(self, image: str, model: ModelInfo) -> Mapping[str, Fact]:
        """The model's input; `image` is a data URI or the address of an upload."""
        return {model.spec.image_key: image, **model.spec.extra_input}

    def ready(self, model: ModelInfo) -> Readiness:  # noqa: ARG002  # one account for all hosted models
        return Readiness(ready=True) if self.config.has_token else Readiness(ready=False, reason="no_token")

    async def run(
        self, photo: Photo, model: ModelInfo, deadline_s: float, listen: Listener, trail: Trail = NO_TRAIL
    ) -> ProviderOutput:
        """Buy one prediction for `photo.pixels`, or find the one that was bought, and bring its picture home.

        `deadline_s` covers everything from here on, in seconds; cancelling what is abandoned may take 3 more, and 10
        before that when it is not known yet. Only leaves of `ProviderError` are raised: `Unsure` when a prediction may
        exist although its id never came.
        """
        async with replicate_api(self.config, self._tls, self._timing.deadline(deadline_s), self._budget) as api:
            listen(Progress(Stage.SENDING))
            bought = await self._taken_up(api, listen, trail) or await self._buy(api, photo, model, listen, trail)
            async with cancelled_if_abandoned(api, id_of(bought), trail.handed_over, listen):
                await trail.write_down(Progress(Stage.SENDING, id_of(bought)))
                prediction = await self._wait(api, await self._known(api, bought, listen), listen)
            data = await self._download(api, prediction, listen)
            return await self._read(data, model.spec.output)

    async def abandon(self, trail: Trail, deadline_s: float) -> Fate:
        if not self.config.has_token:
            return Fate.UNSURE
        async with replicate_api(self.config, self._tls, self._timing.deadline(deadline_s), self._budget) as api:
            try:
                prediction_id = await self._looked_up(api, trail)
            except ProviderError:
                return Fate.UNSURE
            return await settled(api, prediction_id) if prediction_id else Fate.FREE

    async def _taken_up(self, api: ReplicateApi, listen: Listener, trail: Trail) -> str | None:
        """The prediction that an earlier process bought; None when it bought nothing."""
        return await purchased(self._looked_up(api, trail), api, trail.handed_over, listen)

    async def _looked_up(self, api: ReplicateApi, trail: Trail) -> str | None:
        if trail.prediction_id or not trail.token:
            return trail.prediction_id
        wanted = Wanted.of_earlier(trail.token, trail.sent_at) if trail.sent_at else Wanted(trail.token)
        return await found(api, wanted, "interrupted")

    async def _buy(self, api: ReplicateApi, photo: Photo, model: ModelInfo, listen: Listener, trail: Trail) -> Bought:
        """A new prediction. Its token is told, and written down, each time before it is sent."""
        image, token = await self._send(api, photo.pixels)
        payload = self.payload(image, model)

        async def purchase() -> Bought:
            sending = Progress(Stage.SENDING, token=token)
            listen(sending)
            await trail.write_down(sending)
            creation = created(api, model.endpoint, payload, token)
            return await purchased(creation, api, trail.handed_over, listen)

        return await once_more_when_not_bought(purchase, api.deadline, api.budget, model.typical_seconds)

    async def _known(self, api: ReplicateApi, bought: Bought, listen: Listener) -> Prediction:
        """The prediction that only its id is known of."""
        if not isinstance(bought, str):
            return bought
        listen(Progress(Stage.SENDING, bought))
        return await self._poll(api, bought)

    async def _send(self, api: ReplicateApi, pixels: Raster) -> tuple[str, str]:
        """The picture's address or data URI, and the token by which it is known again."""
        picture = await asyncio.to_thread(self._codec.encode, pixels)
        media_type, name = _media_type(picture)
        if len(picture) <= MAX_EMBEDDED:
            token = uuid.uuid4().hex
            return f"data:{media_type};base64,{base64.b64encode(marked(picture, token)).decode()}", token
        address = await once_more_when_not_bought(
            lambda: api.upload(picture, name, media_type), api.deadline, api.budget
        )
        return address, address

    async def _wait(self, api: ReplicateApi, prediction: Prediction, listen: Listener) -> Prediction:
        told, pause_s = _tell(prediction, None, listen), FIRST_POLL_S
        while prediction.status not in ENDED:
            await api.deadline.pause(pause_s)
            if api.deadline.passed:
                raise TimedOut(f"deadline passed while {prediction.status}", status=prediction.status)
            pause_s = min(pause_s * POLL_GROWTH, MAX_POLL_S)
            prediction = await self._poll(api, prediction.id)
            told = _tell(prediction, told, listen)
        return prediction

    async def _poll(self, api: ReplicateApi, prediction_id: str) -> Prediction:
        try:
            return await up_to_three_times(lambda: api.get(prediction_id), api.deadline, api.budget)
        except RefusedRequest as error:
            raise PredictionFailed(f"the prediction is gone: {error}", status="gone") from None

    def _address(self, prediction: Prediction) -> str:
        if prediction.status != "succeeded":
            raise failed(prediction.status, redacted(prediction.error or "", self.config.token))
        return address_of(prediction.output)

    async def _download(self, api: ReplicateApi, prediction: Prediction, listen: Listener) -> bytes:
        address, downloader = self._address(prediction), Downloader(self.config, self._tls)
        listen(Progress(Stage.DOWNLOADING, prediction.id))
        return await up_to_three_times(lambda: downloader.fetch(address, api.deadline), api.deadline, api.budget)

    async def _read(self, data: bytes, kind: OutputKind) -> ProviderOutput:
        if not data:
            raise bad_output("empty")
        try:
            pixels = await asyncio.to_thread(self._codec.decode, data)
        except InvalidPhoto as fault:
            raise not_a_picture(data, fault) from None
        if min(pixels.size) < MIN_SIDE_PX:
            raise bad_output(f"{pixels.width}x{pixels.height}")
        return ProviderOutput(pixels, kind)


def _tell(prediction: Prediction, told: Stage | None, listen: Listener) -> Stage:
    """Tell the prediction's stage unless it is the one told last; returns it."""
    stage = STAGES.get(prediction.status, Stage.WORKING)
    if stage is not told:
        listen(Progress(stage, prediction.id))
    return stage


def _media_type(picture: bytes) -> tuple[str, str]:
    """What the codec wrote, and a file name to go with it."""
    return ("image/png", "photo.png") if picture.startswith(b"\x89PNG") else ("image/jpeg", "photo.jpg")
