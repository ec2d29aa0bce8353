"""What speaks for and against a matte, on photos whose true matte is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from domain import Cutout, Photo
from imaging import evidence
from tests.photos import array, cutout_rgba, product_matte, product_photo, raster

SIZE = 640, 480


def photo(background="plain") -> Photo:
    return Photo(product_photo(*SIZE, background=background), sha256="0" * 64)


def cutout(matte: np.ndarray) -> Cutout:
    return Cutout(cutout_rgba(product_photo(*SIZE), raster(matte)))


def true_matte() -> np.ndarray:
    return array(product_matte(*SIZE)).copy()


def moved(matte: np.ndarray) -> np.ndarray:
    return cv2.warpAffine(matte, np.float32([[1, 0, 60], [0, 1, 0]]), SIZE)


def half(matte: np.ndarray) -> np.ndarray:
    matte[:, : SIZE[0] // 2] = 0
    return matte


@pytest.mark.parametrize("background", ["plain", "gradient", "busy"])
def test_the_true_contour_lies_where_the_photo_has_an_edge(background):
    contour = evidence(photo(background), cutout(true_matte())).contour
    assert contour.alike < 0.15
    assert contour.flat < 0.15
    assert contour.fragments == 1


def test_a_moved_contour_runs_through_plain_colour():
    contour = evidence(photo(), cutout(moved(true_matte()))).contour
    assert contour.alike > 0.3
    assert contour.left_out > evidence(photo(), cutout(true_matte())).contour.left_out


def test_a_missing_half_shows_beside_a_whole_reference():
    seen, whole = (
        evidence(photo(), cutout(matte), cutout(true_matte())) for matte in (half(true_matte()), true_matte())
    )
    assert seen.contour.left_out > seen.comparison.contour.left_out + 0.1
    assert 0.3 < seen.comparison.overlap < 0.7
    assert seen.comparison.missed > whole.comparison.missed + 1
    assert seen.comparison.spilt == pytest.approx(whole.comparison.spilt, abs=0.2)


def test_background_that_was_left_shows_where_it_is_and_how_far_its_contour_lies_from_the_references():
    matte = true_matte()
    cv2.circle(matte, (60, 60), 50, 255, -1)
    seen, whole = (evidence(photo(), cutout(alpha), cutout(true_matte())) for alpha in (matte, true_matte()))
    assert seen.comparison.spilt > whole.comparison.spilt + 1
    assert seen.comparison.missed == pytest.approx(whole.comparison.missed, abs=0.2)
    assert seen.comparison.astray > 0.1 > whole.comparison.astray


def test_the_network_recognises_a_product_and_not_its_background():
    assert evidence(photo(), cutout(true_matte())).recognised > 0.8
    assert evidence(photo(), cutout(255 - true_matte())).recognised < 0.2


def test_a_smeared_edge_is_a_wide_band():
    smeared = cv2.GaussianBlur(true_matte(), (0, 0), 30)
    assert evidence(photo(), cutout(smeared)).contour.band > 0.08
    assert evidence(photo(), cutout(true_matte())).contour.band < 0.02


@pytest.mark.parametrize("value", [0, 255])
def test_a_matte_without_a_contour_has_nothing_that_speaks_for_it(value):
    contour = evidence(photo(), cutout(np.full(SIZE[::-1], value, np.uint8))).contour
    assert (contour.alike, contour.flat) == (1.0, 1.0)


def test_pieces_are_counted():
    matte = np.zeros(SIZE[::-1], np.uint8)
    for left in (40, 240, 440):
        matte[200:300, left : left + 100] = 255
    assert evidence(photo(), cutout(matte)).contour.fragments == 3
