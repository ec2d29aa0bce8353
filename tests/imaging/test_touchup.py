"""Strokes and finish: what a person does to a cutout by hand."""

import cv2
import numpy as np
import pytest

from domain import Cutout, Photo, Strokes, TouchUp
from imaging import easel, encode_png, finish, matte_of, mend, strokes_of
from imaging.decode import decode_picture
from tests.photos import array, cutout_rgba, product_matte, product_photo, raster

PHOTO = Photo(product_photo(480, 360, background="gradient"), "0")
TRUTH = array(product_matte(480, 360))
NONE = np.zeros((360, 480), np.uint8)
BODY = 210, 105
"""A point of the mug's red, above its label."""
WALL = 60, 100
"""A point of the wall, far from the mug."""


def dot(at, radius=8):
    return cv2.circle(NONE.copy(), at, radius, 255, -1)


def strokes(keep=NONE, erase=NONE):
    return Strokes(raster(keep), raster(erase))


def cutout_with(matte):
    return Cutout(cutout_rgba(PHOTO.pixels, raster(matte)))


def mended(matte, painted=None, photo=PHOTO, **options):
    """The alpha (height, width) after the touch-up."""
    return array(matte_of(mend(photo, cutout_with(matte), painted or strokes(), TouchUp(**options))))


def test_erasing_a_part_of_a_blob_removes_all_of_it_and_nothing_of_the_product_beside_it():
    blob = dot((130, 180), 25)  # of the wall, and touching the mug's left side
    alpha = mended(np.maximum(TRUTH, blob), strokes(erase=dot((120, 180))))
    only_blob = (blob > 0) & (TRUTH == 0)
    assert alpha[only_blob].mean() < 8
    assert np.abs(alpha.astype(int) - TRUTH)[TRUTH > 200].mean() < 2


def test_keeping_a_spot_brings_back_what_was_lost_around_it_and_none_of_the_wall():
    bitten = TRUTH.copy()
    bitten[100:160, 150:200] = 0  # an edge of the mug, and the wall that was never in
    alpha = mended(bitten, strokes(keep=dot((180, 130))))
    lost = (TRUTH == 255) & (bitten == 0)
    assert alpha[lost].mean() > 245
    assert alpha[TRUTH == 0].mean() < 1


def test_strokes_are_obeyed_where_they_lie_whatever_the_photo_says():
    alpha = mended(TRUTH, strokes(keep=dot(WALL, 12), erase=dot(BODY, 12)))
    assert alpha[dot(WALL, 10) > 0].min() == 255
    assert alpha[dot(BODY, 10) > 0].max() == 0


def test_amid_one_colour_a_stroke_changes_hardly_more_than_it_covers():
    alpha = mended(TRUTH, strokes(keep=dot(WALL, 12), erase=dot(BODY, 12)))
    around = cv2.dilate(cv2.max(dot(WALL, 12), dot(BODY, 12)), np.ones((13, 13), np.uint8)) == 0
    assert np.abs(alpha.astype(int) - TRUTH)[around].max() < 40


def test_what_lies_far_from_a_stroke_does_not_change():
    alpha = mended(TRUTH, strokes(erase=dot(BODY)))
    far = cv2.dilate(dot(BODY), np.ones((141, 141), np.uint8)) == 0
    assert (alpha == TRUTH)[far].all()


def test_without_strokes_and_finish_the_cutout_stays_as_it_is():
    assert (mended(TRUTH) == TRUTH).all()


def test_strokes_of_any_size_lie_where_they_were_painted():
    small = strokes(cv2.resize(dot(WALL, 12), (240, 180)), NONE[:180, :240])
    alpha = mended(TRUTH, small)
    assert alpha[dot(WALL, 9) > 0].min() == 255
    assert alpha[WALL[1] + 60, WALL[0]] == 0


@pytest.mark.parametrize("pixels", [-4, -1, 1, 4])
def test_a_shift_moves_the_edge_by_that_many_pixels(pixels):
    square = NONE.copy()
    square[100:200, 100:300] = 255
    alpha = mended(square, shift=pixels)
    assert (alpha > 127)[150].sum() == 200 + 2 * pixels
    assert (alpha > 127)[:, 200].sum() == 100 + 2 * pixels


def test_half_a_pixel_of_shift_is_half_a_change():
    square = NONE.copy()
    square[100:200, 100:300] = 255
    assert int(mended(square, shift=0.5)[150, 99]) == pytest.approx(127, abs=1)


def test_softness_widens_the_edge_and_leaves_its_place():
    square = NONE.copy()
    square[100:200, 100:300] = 255
    soft = mended(square, softness=6)
    row = soft[150, 80:120]
    assert 5 <= ((row > 12) & (row < 243)).sum() <= 14
    assert (soft > 127)[150].sum() == pytest.approx(200, abs=2)


def test_filling_holes_closes_the_handle_and_pinholes_but_not_the_wall():
    assert TRUTH[180, 310] == 0  # inside the handle
    alpha = mended(np.where(dot(BODY, 2) > 0, 90, TRUTH).astype(np.uint8), fill_holes=True)
    assert alpha[180, 310] == 255
    assert alpha[BODY[1], BODY[0]] == 255
    assert alpha[WALL[1], WALL[0]] == 0


def test_only_the_main_object_stays_and_whole():
    scraps = np.maximum(TRUTH, np.maximum(dot(WALL, 15), dot((400, 60), 6) // 3))
    alpha = mended(scraps, main_only=True)
    assert np.abs(alpha.astype(int) - TRUTH).max() == 0


def test_the_same_touch_up_gives_the_same_bytes():
    def once():
        bitten = np.where(dot(BODY, 20) > 0, 0, TRUTH).astype(np.uint8)
        return mend(PHOTO, cutout_with(bitten), strokes(keep=dot(BODY)), TouchUp(softness=1.5, shift=-0.5))

    assert once() == once()


def test_opaque_pixels_are_exactly_the_photos_and_hidden_ones_are_black():
    made = array(mend(PHOTO, cutout_with(TRUTH), strokes(keep=dot(WALL, 20)), TouchUp(softness=2)).pixels)
    opaque, hidden = made[..., 3] == 255, made[..., 3] == 0
    assert (made[opaque][:, :3] == array(PHOTO.pixels)[opaque]).all()
    assert (made[hidden] == 0).all()


def test_the_old_wall_does_not_shine_through_a_softened_edge():
    made = array(mend(PHOTO, cutout_with(TRUTH), strokes(), TouchUp(softness=4)).pixels)
    rim = np.zeros_like(TRUTH, bool)
    rim[95:115, 100:180] = True
    soft = rim & (made[..., 3] > 40) & (made[..., 3] < 215)
    assert soft.any()
    assert made[soft][:, 1].mean() < 90  # the mug's red and its shade; the wall has 200


def test_alpha_is_never_above_the_photos_own():
    own = np.full((360, 480), 255, np.uint8)
    own[:, :240] = 100
    photo = Photo(raster(np.dstack([array(PHOTO.pixels), own])), "0")
    alpha = mended(np.minimum(TRUTH, own), strokes(keep=dot(WALL, 20)), photo, fill_holes=True)
    assert (alpha <= own).all()
    assert alpha[WALL[1], WALL[0]] == 100


def test_green_paint_keeps_red_paint_erases_and_bare_canvas_does_neither():
    canvas = np.zeros((90, 120, 4), np.uint8)
    canvas[10:20, 10:20] = (18, 161, 80, 255)
    canvas[40:50, 40:50] = (224, 36, 94, 255)
    told = strokes_of(decode_picture(encode_png(raster(canvas))))
    assert (array(told.keep) > 0).sum() == (array(told.erase) > 0).sum() == 100
    assert array(told.keep)[15, 15] == array(told.erase)[45, 45] == 255


def test_strokes_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="one size"):
        Strokes(raster(NONE), raster(NONE[:100]))


def test_the_easel_shows_the_product_clearly_and_what_was_cut_away_faintly():
    shown = array(decode_picture(easel(PHOTO, raster(TRUTH)))).astype(int)
    photo = array(PHOTO.pixels).astype(int)
    far = np.abs(shown - photo).mean(axis=2)
    assert far[cv2.erode(TRUTH, np.ones((9, 9), np.uint8)) == 255].mean() < 6
    scene = np.abs(shown - 218).mean(axis=2)
    assert 5 < scene[TRUTH == 0].mean() < 30


def test_a_cutout_made_again_around_a_change_is_the_one_made_whole():
    photo = Photo(product_photo(1400, 1050, background="gradient"), "0")
    truth = array(product_matte(1400, 1050))
    mask = cv2.circle(truth.copy(), (500, 400), 60, 128, -1)
    old = finish(photo, raster(truth), TouchUp())
    again, whole = (array(finish(photo, raster(mask), TouchUp(), base).pixels).astype(int) for base in (old, None))
    assert (again[..., 3] == whole[..., 3]).all()
    assert (again[400:460, 440:560] == whole[400:460, 440:560]).all()
    assert np.abs(again - whole).max() <= 8  # far away, colours remember the matte they were cleaned for
    opaque = again[..., 3] == 255
    assert (again[opaque][:, :3] == array(photo.pixels)[opaque]).all()
