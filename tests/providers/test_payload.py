"""What each model is sent: differences between models are data."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from domain import Photo
from errors import ConnectionLost, InvalidInput, ServerFault, Throttled
from tests.fakes.behaviours import Drop, problem_reply
from tests.fakes.pictures import from_data_uri, opened
from tests.fakes.replicate_server import V1, V2
from tests.fakes.wire import multipart_file
from tests.providers.conftest import BIREFNET_MODEL, V1_MODEL, V2_MODEL, Bench, small_photo

WEIGHTS = "https://weights.example/v2.safetensors"


def noisy_photo() -> Photo:
    """A photo whose PNG is far over the limit of a data URI."""
    photo = small_photo((400, 400))
    return replace(photo, pixels=replace(photo.pixels, data=os.urandom(400 * 400 * 3)))


def test_v2_is_sent_50_steps_and_guidance_3_5(bench: Bench) -> None:
    bench.run(V2_MODEL)
    inputs = dict(bench.server.creations[0].inputs)
    assert inputs.pop("input_image").startswith("data:image/png;base64,")
    assert inputs == {
        "prompt": "Isolate the main product.",
        "guidance": 3.5,
        "num_inference_steps": 50,
        "aspect_ratio": "match_input_image",
        "output_format": "png",
        "go_fast": False,
    }


def test_v1_is_sent_30_steps_and_guidance_2_5(bench: Bench) -> None:
    bench.run(V1_MODEL)
    inputs = bench.server.creations[0].inputs
    assert (inputs["num_inference_steps"], inputs["guidance"]) == (30, 2.5)


def test_birefnet_is_sent_the_picture_and_the_resolution(bench: Bench) -> None:
    bench.run(BIREFNET_MODEL)
    inputs = bench.server.creations[0].inputs
    assert set(inputs) == {"image", "resolution"}
    assert inputs["resolution"] == "1024x1024"


@pytest.mark.parametrize("setting", ["", "   "])
def test_weights_and_their_strength_are_left_out_when_the_setting_is_empty(bench: Bench, setting: str) -> None:
    bench.lora_weights = {"FLUX_LORA_V2_WEIGHTS": setting}
    bench.run(V2_MODEL)
    assert not {"lora_weights", "lora_strength"} & set(bench.server.creations[0].inputs)


def test_weights_go_with_their_strength_to_the_model_whose_setting_it_is(bench: Bench) -> None:
    bench.lora_weights = {"FLUX_LORA_V2_WEIGHTS": WEIGHTS}
    bench.run(V2_MODEL)
    bench.run(V1_MODEL)
    v2, v1 = (creation.inputs for creation in bench.server.creations)
    assert (v2["lora_weights"], v2["lora_strength"]) == (WEIGHTS, 1.0)
    assert "lora_weights" not in v1


def test_the_fake_tells_v1_from_v2_by_their_inputs(bench: Bench) -> None:
    bench.run(V2_MODEL)
    inputs = bench.server.creations[0].inputs
    assert V2.when(inputs)
    assert not V1.when(inputs)


def test_the_photos_own_pixels_are_sent(bench: Bench) -> None:
    photo = small_photo()
    bench.run(BIREFNET_MODEL, photo)
    sent = opened(from_data_uri(bench.server.creations[0].inputs["image"]))
    assert sent.tobytes() == photo.pixels.data


def test_a_large_photo_is_uploaded_and_sent_as_an_address(bench: Bench) -> None:
    photo = noisy_photo()
    output = bench.run(BIREFNET_MODEL, photo)
    assert bench.server.creations[0].inputs["image"] == f"{bench.server.url}/v1/files/file0001"
    assert output.pixels.size == (400, 400)
    name, media_type, data = multipart_file(bench.server.requests_to("POST", "/v1/files")[0])
    assert (name, media_type) == ("photo.png", "image/png")
    assert opened(data).tobytes() == photo.pixels.data


@pytest.mark.parametrize(
    ("answer", "leaf"),
    [
        (problem_reply(413, "too large"), InvalidInput),
        (problem_reply(500, "no"), ServerFault),
        (problem_reply(429, "no", {"Retry-After": "60"}), Throttled),
        (Drop(), ConnectionLost),
    ],
)
def test_an_upload_that_fails_buys_nothing(bench: Bench, answer: Drop, leaf: type[Exception]) -> None:
    bench.server.upload_answers.append(answer)
    with pytest.raises(leaf):
        bench.run(BIREFNET_MODEL, noisy_photo())
    assert len(bench.server.requests) == 1


def test_an_upload_turned_away_is_sent_once_more(bench: Bench) -> None:
    bench.server.upload_answers.append(problem_reply(429, "no", {"Retry-After": "2"}))
    bench.run(BIREFNET_MODEL, noisy_photo())
    assert len(bench.server.requests_to("POST", "/v1/files")) == 2
    assert bench.time.slept[0] == 3.0  # two that were asked for, and one by a die that always shows the most


def test_inputs_that_the_model_does_not_take_are_invalid_and_named(bench: Bench) -> None:
    without_prompt = V2_MODEL.model_copy(update={"spec": V2_MODEL.spec.model_copy(update={"prompt": None})})
    with pytest.raises(InvalidInput, match="prompt"):
        bench.run(without_prompt)
