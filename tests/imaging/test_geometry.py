"""What a model gets, and the way back."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import ModelSpec, OutputKind, Photo, ProviderKind
from imaging import prepare
from imaging.geometry import KONTEXT_SIZES, MAX_SENT_SIDE, bounded_geometry, padded_geometry, undo
from tests.photos import array, cutout_rgba, product_matte, product_photo, raster

KONTEXT = ModelSpec(kind=ProviderKind.FLUX_KONTEXT, output=OutputKind.ON_WHITE)
BIREFNET = ModelSpec(kind=ProviderKind.BIREFNET, output=OutputKind.RGBA)

sides = st.integers(16, 6000)


def disc(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    far = np.hypot((x + 0.5) / width - 0.6, (y + 0.5) / height - 0.4)
    return (np.clip((0.25 - far) * 20 + 0.5, 0, 1) * 255).astype(np.uint8)


def test_kontext_gets_one_of_its_own_sizes_so_that_it_stretches_nothing():
    prepared = prepare(Photo(product_photo(640, 480), "0"), KONTEXT)
    assert prepared.photo.pixels.size in KONTEXT_SIZES
    assert prepared.photo.pixels.mode == "RGB"
    assert prepared.photo.sha256 == "0"


def test_the_padding_is_white_and_the_photo_lies_between():
    photo = Photo(raster(np.zeros((100, 800, 3), np.uint8)), "0")
    sent = array(prepare(photo, KONTEXT).photo.pixels)
    assert sent.shape == (672, 1568, 3)
    assert (sent[:200] == 255).all()
    assert (sent[-200:] == 255).all()
    assert (sent[330:340] == 0).all()


def test_transparency_goes_out_as_white_and_hidden_colours_stay_hidden():
    hidden = np.zeros((64, 64, 4), np.uint8)
    hidden[..., 0] = 255
    sent = array(prepare(Photo(raster(hidden), "0"), KONTEXT).photo.pixels)
    assert (sent == 255).all()


def test_other_models_get_the_photo_as_it_is():
    photo = Photo(product_photo(320, 240), "0")
    assert prepare(photo, BIREFNET).photo is photo


def test_a_large_photo_is_sent_smaller():
    photo = Photo(raster(np.zeros((1000, 4000, 3), np.uint8)), "0")
    prepared = prepare(photo, BIREFNET)
    assert prepared.photo.pixels.size == (MAX_SENT_SIDE, MAX_SENT_SIDE // 4)
    assert prepared.geometry.source == (4000, 1000)


def test_what_is_transparent_stays_so_when_it_is_sent_smaller():
    photo = Photo(cutout_rgba(product_photo(2400, 300), product_matte(2400, 300)), "0")
    assert prepare(photo, BIREFNET).photo.pixels.mode == "RGBA"


@given(sides, sides)
def test_kontexts_canvas_always_holds_the_photo_nearly_unstretched(width, height):
    geometry = padded_geometry((width, height))
    left, top, across, down = geometry.box
    assert geometry.sent in KONTEXT_SIZES
    assert 0 <= left <= left + across <= geometry.sent[0]
    assert 0 <= top <= top + down <= geometry.sent[1]
    assert abs(across - width * down / height) <= 0.5 + width / height / 2 + 1e-9 or min(across, down) <= 16
    assert across == geometry.sent[0] or down == geometry.sent[1]


@settings(max_examples=25, deadline=None)
@given(st.integers(60, 700), st.integers(60, 700), st.sampled_from([0.5, 1.0, 1.7]))
def test_the_way_back_finds_every_place_again(width, height, scale):
    geometry = padded_geometry((width, height))
    left, top, across, down = geometry.box
    sent = np.zeros((geometry.sent[1], geometry.sent[0]), np.uint8)
    sent[top : top + down, left : left + across] = disc(across, down)
    came = cv2.resize(sent, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    back = undo(came, geometry, (width, height))
    assert back.shape == (height, width)
    assert np.abs(back.astype(int) - disc(width, height)).mean() < 3


def test_the_way_back_of_an_unchanged_picture_changes_nothing():
    matte = array(product_matte(320, 240))
    assert (undo(matte, bounded_geometry((320, 240)), (320, 240)) == matte).all()


@pytest.mark.parametrize("size", [(2049, 16), (6000, 4000), (50, 2500)])
def test_a_bound_keeps_the_shape(size):
    sent = bounded_geometry(size).sent
    assert max(sent) == MAX_SENT_SIDE
    assert sent[0] / sent[1] == pytest.approx(size[0] / size[1], rel=0.04)
