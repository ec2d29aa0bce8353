"""Photos that no engine can do much with, through the whole program: a sentence each, that says what would help."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from app import Core
from domain import Language, RunStatus
from tests.conftest import SettingsMaker
from tests.cores import real_core_of
from tests.fakes.behaviours import fail
from tests.fakes.replicate_server import TARGETS, ReplicateServer
from tests.photos import array, jpeg, png, product_photo, raster
from tests.runs.running import run


@pytest.fixture
def local_core(make_settings: SettingsMaker) -> Iterator[Core]:
    """With the engine that the program has: what it makes of such photos is looked at here."""
    core = real_core_of(make_settings())
    yield core
    core.database.close()


def wall(width: int = 320, height: int = 240) -> np.ndarray:
    """A light wall with the noise of a camera."""
    noise = np.random.default_rng(1).normal(228, 2, (height, width, 3))
    return np.clip(noise, 0, 255).astype(np.uint8)


def sweep() -> np.ndarray:
    """An empty studio: light above, shade below."""
    light = np.linspace(240, 160, 240, dtype=np.float32)[:, None, None]
    return np.clip(light + np.random.default_rng(1).normal(0, 1.5, (240, 320, 3)), 0, 255).astype(np.uint8)


def two_balls() -> np.ndarray:
    picture = wall()
    for x in (90, 230):
        cv2.circle(picture, (x, 120), 45, (160, 40, 40), -1)
    return picture


def too_close() -> np.ndarray:
    """A plate that reaches over every side of the photo."""
    picture = wall()
    cv2.ellipse(picture, (160, 120), (168, 127), 0, 0, 360, (60, 90, 160), -1)
    return picture


THUMBNAIL = array(product_photo(40, 30))
EXAMPLES = Path(__file__).parents[2] / "data" / "examples"
TOO_NEAR = {"mug": (133, 157, 543, 517), "hairdryer": (147, 205, 552, 591)}
"""Parts of real photos (left, top, right, bottom) that the product reaches over on every side."""


def example(name: str, part: tuple[int, int, int, int] | None = None) -> bytes:
    with Image.open(EXAMPLES / f"{name}.jpg") as photo:
        return png(raster(np.asarray((photo.crop(part) if part else photo).convert("RGB"))))


def thumbnail_of_two() -> np.ndarray:
    return cv2.resize(two_balls(), (96, 72), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(
    ("picture", "english", "russian"),
    [
        (two_balls(), "two objects of about the same size", "два предмета"),
        (too_close(), "reaches all four sides", "до всех четырёх краёв"),
        (THUMBNAIL, "very small (40×30)", "очень маленькое (40×30)"),
    ],
    ids=["two", "all sides", "thumbnail"],
)
def test_a_photo_that_cannot_be_cut_well_says_why(
    local_core: Core, picture: np.ndarray, english: str, russian: str
) -> None:
    result = run(local_core.service, upload=jpeg(raster(picture)))
    for language, expected in ((Language.EN, english), (Language.RU, russian)):
        told = local_core.service.report(result, language)
        assert any(expected in sentence for sentence in told.warnings)
        assert expected in told.explanation
    kept = asyncio.run(local_core.service.run_report(result.run_id))
    assert kept == local_core.service.report(result)
    last = local_core.journal.entries(result.run_id)[-1]
    assert english in last.sentence


@pytest.mark.parametrize("name", TOO_NEAR)
def test_a_real_product_that_reaches_over_every_side_is_told_of_and_the_whole_photo_of_it_is_not(
    local_core: Core, name: str
) -> None:
    near, whole = (run(local_core.service, upload=example(name, part)) for part in (TOO_NEAR[name], None))
    told = local_core.service.report(near).warnings
    assert any("reaches all four sides" in sentence for sentence in told)
    assert not any("reaches all four sides" in sentence for sentence in local_core.service.report(whole).warnings)
    assert near.files
    with Image.open(near.files.matte) as matte:
        sides = np.asarray(matte)
    assert min((side > 127).mean() for side in (sides[0], sides[-1], sides[:, 0], sides[:, -1])) > 0.05


def test_all_that_is_wrong_with_a_photo_is_told_the_gravest_first(local_core: Core) -> None:
    report = local_core.service.report(run(local_core.service, upload=png(raster(thumbnail_of_two()))))
    tiny, two = report.warnings[-2:]
    assert "very small (96×72)" in tiny
    assert "two objects" in two
    assert report.explanation.endswith(f"{tiny} {two}")


def test_a_draft_says_what_is_wrong_with_its_photo_as_a_success_does(
    hosted_core: Core, replicate: ReplicateServer
) -> None:
    for target in TARGETS.values():
        replicate.always(target, fail())
    result = run(hosted_core.service, upload=jpeg(raster(two_balls())))
    report = hosted_core.service.report(result)
    assert report.status is RunStatus.DRAFT
    assert any("two objects" in sentence for sentence in report.warnings)
    assert report.warnings[-1] in report.explanation
    assert asyncio.run(hosted_core.service.run_report(result.run_id)) == report


def test_a_draft_that_its_engine_is_unsure_of_says_so(hosted_core: Core) -> None:
    result = run(hosted_core.service)
    draft = replace(
        result, status=RunStatus.DRAFT, remarks={"weak": "alike", "remark": "tiny", "width": 9, "height": 8}
    )
    told = hosted_core.service.report(draft).warnings
    assert told[0] == "Low confidence: the background resembles the product."
    assert "very small (9×8)" in told[1]


@pytest.mark.parametrize("picture", [wall(), sweep()], ids=["wall", "sweep"])
def test_without_a_product_it_is_said_whether_the_engine_finds_nothing_or_finds_noise(
    local_core: Core, picture: np.ndarray
) -> None:
    told = local_core.service.report(run(local_core.service, upload=jpeg(raster(picture)))).explanation
    assert "No product was found" in told or "may be no product" in told
    assert "would help" in told


def test_a_good_photo_gets_no_warning(local_core: Core) -> None:
    assert local_core.service.report(run(local_core.service)).warnings == ()
