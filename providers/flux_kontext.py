"""FLUX Kontext with a LoRA: v1 and v2 are one class, their differences are data."""

from __future__ import annotations

from collections.abc import Mapping

from domain import Fact, ModelInfo
from providers.replicate_base import ReplicateProvider


class FluxKontextProvider(ReplicateProvider):
    """A picture and a prompt in, the product on white out; without weights the prompt alone does the work."""

    def payload(self, image: str, model: ModelInfo) -> Mapping[str, Fact]:
        spec, extra = model.spec, dict(model.spec.extra_input)
        strength = extra.pop("lora_strength", None)
        weights = self.config.weights(spec.lora_weights_setting)
        lora = {"lora_weights": weights, "lora_strength": strength} if weights else {}
        told = {"prompt": spec.prompt, "guidance": spec.guidance_scale, "num_inference_steps": spec.num_inference_steps}
        sent: dict[str, Fact] = {**told, **lora, **extra, spec.image_key: image}
        return {key: value for key, value in sent.items() if value is not None}
