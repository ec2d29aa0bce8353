"""FLUX Kontext gives a picture that moved, changed its shape or its colours: what the run makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image

from app import Core
from domain import ModelSpec, Outcome, OutputKind, Photo, ProviderKind, Reason, RunStatus
from imaging import decode, prepare
from imaging.geometry import KONTEXT_SIZES
from runs import RunResult
from tests.conftest import SettingsMaker
from tests.cores import core_of
from tests.fakes import pictures
from tests.fakes.behaviours import succeed
from tests.fakes.replicate_server import V2, ReplicateServer
from tests.photos import Background, array, on_white, png, product_matte, product_photo, raster
from tests.runs.running import run

KONTEXT = ModelSpec(kind=ProviderKind.FLUX_KONTEXT, output=OutputKind.ON_WHITE)
SIZE = (320, 240)
TRUTH = array(product_matte(*SIZE))
UNMOVED = 0.9975
"""The overlap with the truth when nothing moved."""
LOSS = 0.02
"""Of that overlap, at most, whatever moved; a picture made three times as narrow may cost no more than another."""
Fault = Callable[[Image.Image], Image.Image]


def stretched_to(size: tuple[int, int]) -> Fault:
    return lambda picture: picture.resize(size, Image.Resampling.BICUBIC)


FAULTS: dict[str, Fault] = {
    "shifted right and down": lambda picture: pictures.shifted(picture, 0.03, 0.03),
    "shifted left and up": lambda picture: pictures.shifted(picture, -0.03, -0.03),
    "smaller": lambda picture: pictures.rescaled(picture, 0.95),
    "smaller and shifted": lambda picture: pictures.shifted(pictures.rescaled(picture, 0.95), -0.03, -0.02),
    "larger": lambda picture: pictures.rescaled(picture, 1.05),
    "recoloured": pictures.recoloured,
    "off-white": pictures.off_white,
} | {f"stretched to {size[0]}x{size[1]}": stretched_to(size) for size in KONTEXT_SIZES}


@pytest.fixture
def core(make_settings: SettingsMaker, replicate: ReplicateServer) -> Iterator[Core]:
    """The program with a token and without drafts, which nothing here looks at."""
    settings = make_settings(
        replicate_api_token=replicate.token, replicate_base_url=replicate.url, local_engine="never"
    )
    core = core_of(settings)
    yield core
    core.database.close()


def photo(background: Background = "gradient") -> bytes:
    return png(product_photo(*SIZE, background=background))


def sent(data: Photo) -> Image.Image:
    """The picture as Kontext gets it."""
    return Image.fromarray(array(prepare(data, KONTEXT).photo.pixels))


@cache
def guide(background: Background = "gradient") -> Image.Image:
    """What Kontext should send back: the product on white, nothing moved."""
    return sent(Photo(on_white(product_photo(*SIZE, background=background), product_matte(*SIZE)), "0"))


def answered(core: Core, server: ReplicateServer, picture: Image.Image, upload: bytes) -> RunResult:
    server.always(V2, succeed(pictures.png(picture)))
    return run(core.service, upload=upload)


def cutout_of(result: RunResult) -> np.ndarray:
    with Image.open(result.files.cutout) as cutout:
        return np.asarray(cutout)


def iou(alpha: np.ndarray) -> float:
    return float(((alpha > 127) & (TRUTH > 127)).sum() / ((alpha > 127) | (TRUTH > 127)).sum())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_picture_that_moved_or_changed_its_colours_still_cuts_the_original(
    fault: str, core: Core, replicate: ReplicateServer
):
    result = answered(core, replicate, FAULTS[fault](guide()), photo())
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "flux-kontext-lora-v2")
    cutout = cutout_of(result)
    assert iou(cutout[..., 3]) > UNMOVED - LOSS
    sure = cv2.erode(cutout[..., 3], np.ones((7, 7), np.uint8)) == 255
    assert sure.mean() > 0.15
    assert (cutout[sure][:, :3] == array(product_photo(*SIZE, background="gradient"))[sure]).all()


def test_a_picture_that_did_not_move_is_the_measure_for_those_that_did(core: Core, replicate: ReplicateServer):
    assert iou(cutout_of(answered(core, replicate, guide(), photo()))[..., 3]) == pytest.approx(UNMOVED, abs=0.001)


REFUSALS: dict[str, tuple[Callable[[bytes], Image.Image], str, str]] = {
    "unchanged": (
        lambda upload: sent(decode(upload)),
        "unchanged",
        "was refused (the background was not removed; this cost $0.03), so FLUX Kontext LoRA v1 takes over",
    ),
    "another product": (
        lambda upload: pictures.another_product(sent(decode(upload)).size),
        "different_product",
        "was refused (the picture that came back shows a different product; this cost $0.03), so"
        " FLUX Kontext LoRA v1 takes over",
    ),
    "bent": (
        lambda _: pictures.bent(guide()),
        "misaligned",
        "was refused (the product moved or changed its shape beyond repair; this cost $0.03), so"
        " FLUX Kontext LoRA v1 takes over",
    ),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_picture_that_cannot_guide_is_refused_by_name_and_the_next_model_takes_over(
    kind: str, core: Core, replicate: ReplicateServer
):
    made, code, sentence = REFUSALS[kind]
    upload = photo()
    result = answered(core, replicate, made(upload), upload)
    first = result.attempts[0]
    assert (first.outcome, first.error) == (Outcome.REFUSED, code)
    report = core.service.report(result)
    assert (report.status, report.reason) == (RunStatus.SUCCEEDED, Reason.FALLBACK_QUALITY)
    assert sentence in report.explanation


def test_a_label_that_was_redrawn_is_no_reason_to_refuse_since_the_originals_pixels_are_shown(
    core: Core, replicate: ReplicateServer
):
    redrawn = np.asarray(guide()).copy()
    height, width = redrawn.shape[:2]
    label = slice(height * 9 // 20, height * 11 // 20), slice(width * 4 // 10, width * 5 // 10)
    redrawn[label] = redrawn[label][::-1, ::-1]
    result = answered(core, replicate, Image.fromarray(redrawn), photo())
    assert result.model_id == "flux-kontext-lora-v2"
    shown = cutout_of(result)
    opaque = shown[..., 3] == 255
    assert (shown[opaque][:, :3] == array(product_photo(*SIZE, background="gradient"))[opaque]).all()


def test_a_white_picture_has_no_product_in_it(core: Core, replicate: ReplicateServer):
    blank = Image.new("RGB", guide().size, "white")
    result = answered(core, replicate, blank, photo())
    assert result.attempts[0].error == "empty_cutout"


def test_a_photo_on_white_that_came_back_unchanged_has_nothing_to_remove(core: Core, replicate: ReplicateServer):
    white = on_white(product_photo(*SIZE), product_matte(*SIZE))
    upload = png(raster(array(white)))
    result = answered(core, replicate, sent(decode(upload)), upload)
    assert result.model_id == "flux-kontext-lora-v2"
