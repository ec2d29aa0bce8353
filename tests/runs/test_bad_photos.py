"""Photos that no engine can do much with, through the whole program: a sentence each, that says what would help."""

from __future__ import annotations

import asyncio

import cv2
import numpy as np
import pytest

from app import Core
from domain import Language
from tests.photos import array, jpeg, product_photo, raster
from tests.runs.running import run


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


@pytest.mark.parametrize("picture", [wall(), sweep()], ids=["wall", "sweep"])
def test_without_a_product_it_is_said_whether_the_engine_finds_nothing_or_finds_noise(
    local_core: Core, picture: np.ndarray
) -> None:
    told = local_core.service.report(run(local_core.service, upload=jpeg(raster(picture)))).explanation
    assert "No product was found" in told or "may be no product" in told
    assert "would help" in told


def test_a_good_photo_gets_no_warning(local_core: Core) -> None:
    assert local_core.service.report(run(local_core.service)).warnings == ()
