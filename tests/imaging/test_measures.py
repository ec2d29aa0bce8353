"""What the gate looks at."""

import cv2
import numpy as np
import pytest

from domain import Cutout, OutputKind, Photo, ProviderOutput
from imaging import make_cutout, matte_of, measure
from imaging.geometry import bounded_geometry
from imaging.measures import foreign
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


PHOTO = Photo(product_photo(background="busy"), "")


def cleaned() -> np.ndarray:
    """RGBA as a run cuts it: colours at soft edges are no longer the photo's."""
    output = ProviderOutput(product_matte(), OutputKind.MASK)
    return array(make_cutout(PHOTO, output, bounded_geometry(PHOTO.pixels.size)).pixels).copy()


def seen_as_foreign(rgba: np.ndarray) -> float:
    return foreign(PHOTO, Cutout(raster(rgba)))


def test_a_cutout_with_cleaned_edges_has_the_photos_own_pixels():
    rgba = cleaned()
    soft = (rgba[..., 3] > 20) & (rgba[..., 3] < 235)
    assert (rgba[soft][:, :3] != array(PHOTO.pixels)[soft]).any()
    assert seen_as_foreign(rgba) == 0


def test_a_label_that_was_redrawn_is_seen_and_its_size_is_told():
    rgba = cleaned()
    label = slice(200, 280), slice(230, 350)
    rgba[label] = rgba[label][::-1, ::-1]
    assert 0.05 < seen_as_foreign(rgba) < 0.2


def test_a_change_of_colour_by_one_level_is_seen_everywhere():
    rgba = cleaned()
    rgba[..., 1] += 1
    assert seen_as_foreign(rgba) > 0.98


def test_what_the_background_may_have_added_is_not_held_against_a_colour():
    photo = raster(np.full((10, 10, 3), 100, np.uint8))
    for change, share in ((12, 0), (40, 1)):
        rgba = np.full((10, 10, 4), 250, np.uint8)
        rgba[..., :3] = 100 + change
        assert foreign(Photo(photo, ""), Cutout(raster(rgba))) == share


def test_under_a_transparent_matte_there_is_nothing_to_compare():
    assert seen_as_foreign(np.zeros((480, 640, 4), np.uint8)) == 0


def test_a_photo_that_was_transparent_is_compared_with_its_stored_colours():
    rgba = cutout_rgba(product_photo(), product_matte())
    assert foreign(Photo(rgba, ""), Cutout(rgba)) == 0
