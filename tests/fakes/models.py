"""The models that the fake knows: their names and versions, the inputs they insist on, the pictures they make."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fakes import pictures
from tests.fakes.behaviours import Behaviour, Inputs, problem_reply

KONTEXT = "black-forest-labs/flux-kontext-dev-lora"
BIREFNET_NAME = "men1scus/birefnet"
BIREFNET_VERSION = "f74986db0355b58403ed20963af156525e2891ea3c2d499bfbfb2a28cd87c5d7"
MODELS_BY_VERSION = {BIREFNET_VERSION: BIREFNET_NAME}
UNKNOWN_VERSION = "unknown version"
IMAGE_KEYS = {KONTEXT: "input_image", BIREFNET_NAME: "image"}
REQUIRED = {KONTEXT: ("prompt", "input_image"), BIREFNET_NAME: ("image",)}
RANGES = {KONTEXT: {"num_inference_steps": (4, 50), "guidance": (0, 10)}, BIREFNET_NAME: {}}


def usual(model: str, inputs: Inputs) -> Behaviour:
    """What happens when nothing is scripted: success, or the refusal that the real service would answer with."""
    if model == UNKNOWN_VERSION:
        return Behaviour(creation=problem_reply(422, "Invalid version or not permitted"))
    if model not in REQUIRED:
        return Behaviour(creation=problem_reply(404, "The requested resource could not be found."))
    faults = [{"type": "invalid", "field": f"input.{key}", "description": why} for key, why in _faults(model, inputs)]
    if not faults:
        return Behaviour()
    detail = "; ".join(f"{fault['field']}: {fault['description']}" for fault in faults)
    return Behaviour(creation=problem_reply(422, detail, title="Input validation failed", invalid_fields=faults))


def made(model: str, picture: bytes, matte: pictures.Matte) -> bytes:
    """The PNG that a model makes of an uploaded picture."""
    make = pictures.on_white if model == KONTEXT else pictures.cutout
    return make(pictures.opened(picture), matte)


def _faults(model: str, inputs: Inputs) -> Iterator[tuple[str, str]]:
    yield from ((key, "is required") for key in REQUIRED[model] if not inputs.get(key))
    for key, (least, most) in RANGES[model].items():
        if not least <= inputs.get(key, least) <= most:
            yield key, f"must be between {least} and {most}"
