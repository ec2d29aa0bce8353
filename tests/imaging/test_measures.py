"""What the gate looks at."""

import cv2
import numpy as np
import pytest

from domain import Cutout
from imaging import matte_of, measure
from tests.photos import array, cutout_rgba, product_matte, product_photo, raster


def cutout(alpha: np.ndarray) -> Cutout:
    return Cutout(raster(np.dstack([np.zeros((*alpha.shape, 3), np.uint8), alpha])))


def squares(*places: tuple[int, int, int]) -> np.ndarray:
    alpha = np.zeros((200, 400), np.uint8)
    for left, top, side in places:
        alpha[top : top + side, left : left + side] = 255
    return alpha


def test_a_clean_cutout_measures_so():
    measures = measure(Cutout(cutout_rgba(product_photo(), product_matte())))
    assert measures.area == pytest.approx((array(product_matte()) > 127).mean())
    assert measures.frame_touched == 0
    assert measures.largest_fragment == 1
    assert measures.soft < 0.05


def test_an_empty_cutout_has_no_area_and_no_fragment():
    measures = measure(cutout(np.zeros((50, 70), np.uint8)))
    assert (measures.area, measures.frame_touched, measures.largest_fragment, measures.soft) == (0, 0, 0, 0)


def test_a_cutout_that_kept_everything_touches_the_whole_frame():
    measures = measure(cutout(np.full((50, 70), 255, np.uint8)))
    assert (measures.area, measures.frame_touched, measures.largest_fragment, measures.soft) == (1, 1, 1, 0)


def test_pieces_show_as_a_small_largest_fragment():
    alpha = squares((10, 10, 60), (120, 10, 60), (250, 10, 60))
    assert measure(cutout(alpha)).largest_fragment == pytest.approx(1 / 3, abs=0.01)


def test_a_product_cut_by_the_frame_touches_its_share():
    assert measure(cutout(squares((0, 50, 100)))).frame_touched == pytest.approx(100 / (2 * 400 + 2 * 198))


def test_a_smeared_matte_shows_as_soft():
    smeared = cv2.GaussianBlur(squares((100, 40, 120)), (0, 0), 30)
    assert measure(cutout(smeared)).soft > 0.8
    assert measure(cutout(np.full((60, 60), 128, np.uint8))).soft == 1


def test_the_matte_of_a_cutout_is_its_alpha():
    assert matte_of(Cutout(cutout_rgba(product_photo(), product_matte()))) == product_matte()
