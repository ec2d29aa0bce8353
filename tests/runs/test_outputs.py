"""Whatever form a model's answer has: transparency, a matte, or a picture on another ground."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from app import Core
from domain import Outcome, Raster, SelectionRequest
from runs import RunResult
from tests.fakes.behaviours import succeed
from tests.fakes.replicate_server import BIREFNET, ReplicateServer
from tests.photos import array, cutout_rgba, jpeg, png, product_matte, product_photo, raster
from tests.runs.running import run

SIZE = (320, 240)
PHOTO, MATTE = product_photo(*SIZE), product_matte(*SIZE)


def saved(picture: Image.Image, file_format: str = "PNG") -> bytes:
    data = io.BytesIO()
    picture.save(data, file_format, quality=90)
    return data.getvalue()


def on_white() -> Raster:
    alpha = array(MATTE)[..., None] / 255
    return raster((array(PHOTO) * alpha + 255 * (1 - alpha)).astype(np.uint8))


GREY = Image.fromarray(array(MATTE))
ANSWERS = {
    "transparency": png(cutout_rgba(PHOTO, MATTE)),
    "a grey matte": saved(GREY),
    "a matte in colours": saved(GREY.convert("RGB")),
    "a matte of one bit": saved(GREY.convert("1")),
    "a matte as a JPEG": saved(GREY, "JPEG"),
    "a matte of half the size": saved(GREY.resize((160, 120))),
    "a picture on white": png(on_white()),
}


def answered(core: Core, replicate: ReplicateServer, answer: bytes) -> RunResult:
    replicate.always(BIREFNET, succeed(answer))
    return run(core.service, SelectionRequest(model_id="birefnet"), upload=jpeg(PHOTO))


def overlap(result: RunResult) -> float:
    assert result.files
    with Image.open(result.files.cutout) as cutout:
        alpha = np.asarray(cutout)[..., 3]
    inside, truth = alpha > 127, array(MATTE) > 127
    return float((inside & truth).sum() / (inside | truth).sum())


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_the_cutout_is_the_same_in_whatever_form_it_comes(hosted_core: Core, replicate: ReplicateServer, answer: bytes):
    result = answered(hosted_core, replicate, answer)
    assert [attempt.outcome for attempt in result.attempts] == [Outcome.SUCCEEDED], result.attempts
    assert overlap(result) > 0.97


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (jpeg(PHOTO), "unchanged"),
        (saved(Image.new("L", SIZE, 255)), "full_frame"),
        (saved(Image.new("L", SIZE)), "empty_cutout"),
    ],
    ids=["the photo itself", "everything", "nothing"],
)
def test_what_removes_nothing_or_everything_is_refused_by_its_name(
    hosted_core: Core, replicate: ReplicateServer, answer: bytes, why: str
):
    result = answered(hosted_core, replicate, answer)
    assert (result.attempts[0].outcome, result.attempts[0].error) == (Outcome.REFUSED, why)
