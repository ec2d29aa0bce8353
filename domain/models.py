"""The registry's words: a model, how it is called, and under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from domain.base import Fact, ModelId, Slug, Statement, Text, Value
from domain.pictures import OutputKind


class ProviderName(StrEnum):
    """Whose account, money and health a model shares."""

    REPLICATE = "replicate"
    LOCAL = "local"


class ProviderKind(StrEnum):
    """Which protocol a model speaks; `providers.PROVIDERS` has one class for each."""

    FLUX_KONTEXT = "flux_kontext"
    BIREFNET = "birefnet"
    EMBEDDED = "embedded"
    BIREFNET_LITE = "birefnet_lite"


class Licence(Value):
    """Under which terms the weights come, and whether those terms clear commercial use."""

    name: str = Field(min_length=1)
    url: str | None = None
    commercial_use: bool


class Limits(Value):
    """The photos a model takes; None means no limit."""

    max_megapixels: float | None = Field(default=None, gt=0)
    min_side_px: int | None = Field(default=None, ge=1)
    max_aspect: float | None = Field(default=None, ge=1)


class ModelSpec(Value):
    """What a provider needs to call a model; differences between models live here, not in code."""

    kind: ProviderKind
    output: OutputKind
    image_key: str = "image"
    prompt: str | None = Field(default=None, max_length=300)
    guidance_scale: float | None = Field(default=None, ge=0, le=10)
    num_inference_steps: int | None = Field(default=None, ge=1, le=50)
    lora_weights_setting: str | None = None
    extra_input: Mapping[str, Fact] = Field(default_factory=dict)
    limits: Limits = Limits()


class ModelInfo(Value):
    """One registry entry. `price_usd` and `typical_seconds` are estimates for one photo."""

    id: ModelId
    name: str = Field(min_length=1, max_length=80)
    version: str = Field(min_length=1, max_length=40)
    provider: ProviderName
    endpoint: str = Field(min_length=1, max_length=200)
    dataset_notes: Text
    pros: tuple[Text, ...] = Field(min_length=1)
    cons: tuple[Text, ...] = Field(min_length=1)
    spec: ModelSpec
    tags: tuple[Slug, ...]
    supports_marketplaces: tuple[Slug, ...]
    priority: int = Field(ge=0, le=1000)
    is_active: bool = True
    price_usd: float = Field(ge=0)
    typical_seconds: float = Field(gt=0)
    estimates: bool = True
    licence: Licence

    @property
    def is_local(self) -> bool:
        return self.provider is ProviderName.LOCAL


class ModelState(Value):
    """A model and whether it can be called right now; `statement` says so in words."""

    model: ModelInfo
    available: bool
    statement: Statement
