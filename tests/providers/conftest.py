"""A fake Replicate on 127.0.0.1 and providers that never really wait."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from domain import (
    Licence,
    ModelInfo,
    ModelSpec,
    OutputKind,
    Photo,
    ProviderKind,
    ProviderName,
    ProviderOutput,
    Raster,
    Text,
)
from errors import InvalidPhoto, PhotoFault
from providers import Progress, Provider, ReplicateConfig, Stage, Timing, build_providers
from tests.fakes.models import BIREFNET_VERSION, KONTEXT
from tests.fakes.replicate_server import ReplicateServer


class PillowCodec:
    """The codec of the tests: PNG out, anything that Pillow reads in."""

    def encode(self, pixels: Raster) -> bytes:
        file = io.BytesIO()
        Image.frombytes(pixels.mode, pixels.size, pixels.data).save(file, "PNG")
        return file.getvalue()

    def decode(self, data: bytes) -> Raster:
        try:
            picture: Image.Image = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
            picture = picture.convert("RGBA" if picture.mode == "RGBA" else "RGB")
        except OSError:
            raise InvalidPhoto(PhotoFault.DAMAGED) from None
        return Raster(*picture.size, picture.mode, picture.tobytes())  # type: ignore[arg-type]


@dataclass
class FakeTime:
    """A clock that only sleeping moves; `slept` has every pause in seconds, `chance` is what a die shows."""

    now: float = 1000.0
    chance: float = 1.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def timing(self) -> Timing:
        return Timing(clock=lambda: self.now, sleep=self.sleep, chance=lambda: self.chance)


@dataclass
class Bench:
    """What most tests need: `run` calls a model of the fake and `told` has what its listener heard."""

    server: ReplicateServer
    time: FakeTime = field(default_factory=FakeTime)
    lora_weights: dict[str, str] = field(default_factory=dict)
    engines: dict[ProviderKind, Callable[[Raster], Raster]] = field(default_factory=dict)
    told: list[Progress] = field(default_factory=list)

    @property
    def config(self) -> ReplicateConfig:
        return ReplicateConfig(SecretStr(self.server.token), self.server.url, self.lora_weights)

    def provider(self, model: ModelInfo, config: ReplicateConfig | None = None) -> Provider:
        return build_providers(config or self.config, PillowCodec(), self.engines, self.time.timing)[model.spec.kind]

    def run(
        self,
        model: ModelInfo,
        photo: Photo | None = None,
        deadline_s: float = 60.0,
        config: ReplicateConfig | None = None,
    ) -> ProviderOutput:
        provider = self.provider(model, config)
        return asyncio.run(provider.run(photo or small_photo(), model, deadline_s, self.told.append))

    @property
    def stages(self) -> list[Stage]:
        return [progress.stage for progress in self.told]


@pytest.fixture
def server() -> Iterator[ReplicateServer]:
    with ReplicateServer() as server:
        yield server


@pytest.fixture
def bench(server: ReplicateServer) -> Bench:
    return Bench(server)


def small_photo(size: tuple[int, int] = (64, 48)) -> Photo:
    """A red square on a grey ground."""
    picture = Image.new("RGB", size, (120, 120, 120))
    picture.paste((200, 30, 30), (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4))
    return Photo(Raster(*size, "RGB", picture.tobytes()), sha256="0" * 64)


def a_model(kind: ProviderKind, endpoint: str = "local/engine", **spec: Any) -> ModelInfo:
    """A registry entry with only what a provider reads."""
    text = Text(en="a word", ru="слово")
    output = {ProviderKind.FLUX_KONTEXT: OutputKind.ON_WHITE, ProviderKind.BIREFNET: OutputKind.RGBA}
    return ModelInfo(
        id="a-model",
        name="A model",
        version="1",
        provider=ProviderName.REPLICATE,
        endpoint=endpoint,
        dataset_notes=text,
        pros=(text,),
        cons=(text,),
        spec=ModelSpec(kind=kind, output=output.get(kind, OutputKind.MASK), **spec),
        tags=(),
        supports_marketplaces=(),
        priority=1,
        price_usd=0.03,
        typical_seconds=5,
        licence=Licence(name="none", commercial_use=True),
    )


V2_MODEL = a_model(
    ProviderKind.FLUX_KONTEXT,
    KONTEXT,
    image_key="input_image",
    prompt="Isolate the main product.",
    guidance_scale=3.5,
    num_inference_steps=50,
    lora_weights_setting="FLUX_LORA_V2_WEIGHTS",
    extra_input={
        "aspect_ratio": "match_input_image",
        "output_format": "png",
        "go_fast": False,
        "lora_strength": 1.0,
    },
)
V1_MODEL = a_model(
    ProviderKind.FLUX_KONTEXT,
    KONTEXT,
    image_key="input_image",
    prompt="Remove the background.",
    guidance_scale=2.5,
    num_inference_steps=30,
    lora_weights_setting="FLUX_LORA_V1_WEIGHTS",
    extra_input={"aspect_ratio": "match_input_image", "output_format": "png"},
)
BIREFNET_MODEL = a_model(
    ProviderKind.BIREFNET, f"men1scus/birefnet:{BIREFNET_VERSION}", extra_input={"resolution": "1024x1024"}
)
EMBEDDED_MODEL = a_model(ProviderKind.EMBEDDED)
