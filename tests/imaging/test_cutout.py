"""Every provider's picture becomes a cutout of the original's own pixels."""

import cv2
import numpy as np
import pytest

from domain import ModelSpec, OutputKind, Photo, ProviderKind, ProviderOutput, Raster
from imaging import make_cutout, matte_of, prepare
from imaging.geometry import bounded_geometry
from tests.photos import array, cutout_rgba, on_white, product_matte, product_photo, raster

PHOTO = Photo(product_photo(640, 480, background="gradient"), "0")
TRUTH = product_matte(640, 480)
WHOLE = bounded_geometry((640, 480))


def iou(one: Raster, other: Raster) -> float:
    a, b = array(one) > 127, array(other) > 127
    return float((a & b).sum() / (a | b).sum())


def scaled(pixels: Raster, factor: float) -> Raster:
    return raster(cv2.resize(array(pixels), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def colour_error(colours: np.ndarray, where: np.ndarray) -> float:
    """Mean distance from the mug's own red, where nothing else is painted."""
    return float(np.abs(colours[where].astype(int) - (178, 58, 46)).mean())


@pytest.mark.parametrize(
    "output",
    [
        ProviderOutput(TRUTH, OutputKind.MASK),
        ProviderOutput(cutout_rgba(PHOTO.pixels, TRUTH), OutputKind.RGBA),
        ProviderOutput(scaled(TRUTH, 0.5), OutputKind.MASK),
        ProviderOutput(raster(np.dstack([array(TRUTH)] * 3)), OutputKind.MASK),
        ProviderOutput(on_white(PHOTO.pixels, TRUTH), OutputKind.ON_WHITE),
    ],
    ids=["mask", "rgba", "half-size mask", "mask saved in colour", "on white"],
)
def test_every_kind_of_output_gives_the_product_at_the_originals_size(output):
    cutout = make_cutout(PHOTO, output, WHOLE)
    assert cutout.pixels.mode == "RGBA"
    assert cutout.pixels.size == PHOTO.pixels.size
    assert iou(matte_of(cutout), TRUTH) > 0.95


def test_the_hole_of_the_handle_stays_open():
    for output in (scaled(TRUTH, 0.25), TRUTH):
        alpha = array(make_cutout(PHOTO, ProviderOutput(output, OutputKind.MASK), WHOLE).pixels)[..., 3]
        hole = alpha[230:250, 410:430]
        assert hole.max() == 0


def test_a_generated_picture_on_white_is_only_a_guide_to_the_originals_pixels():
    prepared = prepare(PHOTO, ModelSpec(kind=ProviderKind.FLUX_KONTEXT, output=OutputKind.ON_WHITE))
    left, top, across, down = prepared.geometry.box
    cover = np.zeros(prepared.geometry.sent[::-1], np.uint8)
    cover[top : top + down, left : left + across] = cv2.resize(array(TRUTH), (across, down))
    white = on_white(raster(255 - array(prepared.photo.pixels)), raster(cover))  # other colours than the original's
    cutout = make_cutout(PHOTO, ProviderOutput(white, OutputKind.ON_WHITE), prepared.geometry)
    assert iou(matte_of(cutout), TRUTH) > 0.95
    opaque = array(cutout.pixels)[..., 3] == 255
    assert (array(cutout.pixels)[opaque][:, :3] == array(PHOTO.pixels)[opaque]).all()


@pytest.mark.parametrize("factor", [0.3, 1.0])
def test_opaque_pixels_are_exactly_the_originals(factor):
    cutout = array(make_cutout(PHOTO, ProviderOutput(scaled(TRUTH, factor), OutputKind.MASK), WHOLE).pixels)
    opaque = cutout[..., 3] == 255
    assert opaque.mean() > 0.1
    assert (cutout[opaque][:, :3] == array(PHOTO.pixels)[opaque]).all()


def test_nothing_is_left_of_the_colours_under_full_transparency():
    cutout = array(make_cutout(PHOTO, ProviderOutput(TRUTH, OutputKind.MASK), WHOLE).pixels)
    assert (cutout[cutout[..., 3] == 0] == 0).all()


def test_the_old_background_does_not_shine_through_the_edges():
    cutout = array(make_cutout(PHOTO, ProviderOutput(TRUTH, OutputKind.MASK), WHOLE).pixels)
    soft = (cutout[..., 3] > 50) & (cutout[..., 3] < 205)
    soft[:, :410] = False  # the handle has one colour
    assert soft.sum() > 20
    assert colour_error(cutout[..., :3], soft) < 0.4 * colour_error(array(PHOTO.pixels), soft)


def test_a_photo_that_was_cut_out_already_never_becomes_more_opaque():
    faded = array(cutout_rgba(PHOTO.pixels, TRUTH)).copy()
    faded[:240, :, 3] //= 2
    photo = Photo(raster(faded), "0")
    full = ProviderOutput(raster(np.full((480, 640), 255, np.uint8)), OutputKind.MASK)
    cutout = make_cutout(photo, full, WHOLE)
    assert (array(matte_of(cutout)) <= faded[..., 3]).all()
    assert (array(matte_of(cutout))[240:] == faded[240:, :, 3]).all()


def test_a_small_matte_is_drawn_along_the_originals_edges_and_not_just_enlarged():
    small = scaled(TRUTH, 0.125)
    cutout = make_cutout(PHOTO, ProviderOutput(small, OutputKind.MASK), WHOLE)
    stretched = cv2.resize(array(small), PHOTO.pixels.size, interpolation=cv2.INTER_LINEAR)
    error, plain = (np.abs(a.astype(int) - array(TRUTH)).mean() for a in (array(matte_of(cutout)), stretched))
    assert error < 0.6 * plain


def test_a_grey_photo_is_cut_out_as_well():
    grey = Photo(raster(array(PHOTO.pixels)[..., 0]), "0")
    cutout = make_cutout(grey, ProviderOutput(TRUTH, OutputKind.MASK), WHOLE)
    assert (array(cutout.pixels)[..., 0] == array(cutout.pixels)[..., 2]).all()
