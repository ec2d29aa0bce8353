"""The embedded engine: a matte from the picture alone."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging import object_mask
from imaging.engine import studio_matte
from tests.photos import array, cutout_rgba, on_white, product_matte, product_photo, raster


def iou(alpha: np.ndarray, truth: np.ndarray) -> float:
    one, other = alpha > 127, truth > 127
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize(("background", "least"), [("plain", 0.96), ("gradient", 0.98), ("busy", 0.85)])
def test_the_product_is_found(background, least):
    mask = object_mask(product_photo(background=background, seed=2))
    assert (mask.mode, mask.size) == ("L", (640, 480))
    assert iou(array(mask), array(product_matte())) > least


def test_a_soft_shadow_is_not_part_of_the_product():
    picture = array(product_photo()).astype(np.float32)
    shadow = np.zeros((480, 640), np.float32)
    cv2.ellipse(shadow, (300, 420), (190, 24), 0, 0, 360, 1.0, -1)
    shade = 1 - 0.35 * cv2.GaussianBlur(shadow, (0, 0), 14)
    truth = array(product_matte())
    shaded = np.where(truth[..., None] > 127, picture, picture * shade[..., None]).astype(np.uint8)
    assert iou(array(object_mask(raster(shaded))), truth) > 0.95


def test_a_white_product_on_white_keeps_its_inside():
    truth = array(product_matte())
    picture = np.where(truth[..., None] > 127, 222, 246).astype(np.uint8).repeat(3, axis=2)
    picture = cv2.GaussianBlur(picture, (3, 3), 0)
    assert iou(array(object_mask(raster(picture))), truth) > 0.9


def test_the_same_picture_gives_the_same_bytes_whatever_was_done_before():
    picture = product_photo(background="busy", seed=3)
    first = object_mask(picture)
    cv2.setRNGSeed(99)
    object_mask(product_photo(200, 300))
    assert object_mask(picture) == first


def test_what_is_cut_out_already_keeps_its_own_alpha():
    matte = product_matte()
    assert object_mask(cutout_rgba(product_photo(), matte)) == matte


def test_rounded_corners_alone_are_not_a_cutout():
    opaque = np.full((480, 640), 255, np.uint8)
    opaque[:20, :20] = 0
    assert iou(array(object_mask(cutout_rgba(product_photo(), raster(opaque)))), array(product_matte())) > 0.9


@pytest.mark.parametrize("size", [(16, 16), (16, 800), (800, 16), (17, 33), (1300, 900)])
def test_any_size_is_served(size):
    assert object_mask(product_photo(*size)).size == size


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_empty_picture_gives_a_matte_all_the_same(value):
    mask = object_mask(raster(np.full((90, 120, 3), value, np.uint8)))
    assert mask.size == (120, 90)


@settings(max_examples=8, deadline=None)
@given(st.integers(16, 90), st.integers(16, 90), st.sampled_from([1, 3, 4]), st.integers(0, 2**32 - 1))
def test_noise_gives_a_matte_of_its_own_size(width, height, channels, seed):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    picture = raster(noise[..., 0] if channels == 1 else noise)
    assert object_mask(picture).size == (width, height)


def test_the_matte_of_a_product_on_white_has_soft_edges_and_open_holes():
    truth = array(product_matte())
    matte = studio_matte(array(on_white(product_photo(), product_matte())))
    assert iou(matte, truth) > 0.95
    assert matte[230:250, 410:430].max() == 0
    assert ((matte > 20) & (matte < 235)).any()
