"""Photos that somebody has cut out already: their transparency is kept, whichever model works on them."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from app import Core
from domain import RunStatus, SelectionRequest
from runs import RunResult
from tests.fakes.pictures import from_data_uri
from tests.fakes.replicate_server import ReplicateServer
from tests.photos import array, cutout_rgba, png, product_matte, product_photo, raster
from tests.runs.running import run

SIZE = (320, 240)
PHOTO = cutout_rgba(product_photo(*SIZE), product_matte(*SIZE))
RGBA = array(PHOTO)
ALPHA = RGBA[..., 3]


def cutout_of(result: RunResult) -> np.ndarray:
    assert result.status is RunStatus.SUCCEEDED
    assert result.files
    with Image.open(result.files.cutout) as cutout:
        assert (cutout.mode, cutout.size) == ("RGBA", SIZE)
        return np.asarray(cutout)


def overlap(alpha: np.ndarray) -> float:
    return float(((alpha > 127) & (ALPHA > 127)).sum() / ((alpha > 127) | (ALPHA > 127)).sum())


def same_where_opaque(cutout: np.ndarray) -> bool:
    opaque = cutout[..., 3] == 255
    return bool(opaque.any() and (cutout[opaque] == RGBA[opaque]).all())


def test_the_embedded_engine_leaves_the_transparency_as_it_is(local_core: Core) -> None:
    cutout = cutout_of(run(local_core.service, upload=png(PHOTO)))
    assert (cutout[..., 3] == ALPHA).all()
    assert same_where_opaque(cutout)


@pytest.mark.parametrize("model_id", ["birefnet", "flux-kontext-lora-v2"])
def test_a_hosted_model_never_makes_opaque_what_was_not(
    hosted_core: Core, replicate: ReplicateServer, model_id: str
) -> None:
    result = run(hosted_core.service, SelectionRequest(model_id=model_id), upload=png(PHOTO))
    cutout = cutout_of(result)
    assert (result.model_id, len(replicate.jobs)) == (model_id, 1)
    assert (cutout[..., 3] <= ALPHA).all()
    assert overlap(cutout[..., 3]) > 0.99
    assert same_where_opaque(cutout)


def test_a_model_that_keeps_too_much_gives_the_photos_own_transparency(
    hosted_core: Core, replicate: ReplicateServer
) -> None:
    replicate.matte = all_but_the_frame
    result = run(hosted_core.service, SelectionRequest(model_id="birefnet"), upload=png(PHOTO))
    assert result.model_id == "birefnet"
    assert (cutout_of(result)[..., 3] == ALPHA).all()


def all_but_the_frame(picture: Image.Image) -> Image.Image:
    matte = Image.new("L", picture.size, 0)
    matte.paste(255, (2, 2, picture.width - 2, picture.height - 2))
    return matte


def test_what_is_sent_has_white_where_the_photo_is_transparent_and_not_the_black_under_it(
    hosted_core: Core, replicate: ReplicateServer
) -> None:
    run(hosted_core.service, SelectionRequest(model_id="birefnet"), upload=png(PHOTO))
    with Image.open(io.BytesIO(from_data_uri(replicate.jobs[0].inputs["image"]))) as sent:
        pixels = np.asarray(sent.convert("RGB"))
    assert (array(PHOTO)[0, 0] == 0).all()
    outside = cv2.dilate(ALPHA, np.ones((19, 19), np.uint8)) == 0
    assert outside.mean() > 0.3
    assert (pixels[outside] > 250).all()


@pytest.mark.parametrize("model_id", ["embedded", "birefnet"])
@pytest.mark.parametrize("share", ["half", "fading"])
def test_a_product_that_is_half_transparent_itself_is_no_blurred_cutout(
    hosted_core: Core, model_id: str, share: str
) -> None:
    fading = np.linspace(0.3, 1, ALPHA.shape[0])[:, None] if share == "fading" else 0.5
    photo = RGBA.copy()
    photo[..., 3] = (ALPHA * fading).astype(np.uint8)
    result = run(hosted_core.service, SelectionRequest(model_id=model_id), upload=png(raster(photo)))
    assert (result.model_id, len(result.attempts)) == (model_id, 1)
    assert (cutout_of(result)[..., 3] <= photo[..., 3]).all()
