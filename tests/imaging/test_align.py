"""A generated picture is laid over its photo, and compared with it."""

from __future__ import annotations

from dataclasses import astuple

import cv2
import numpy as np
import pytest

from domain import ModelSpec, OutputKind, Photo, ProviderKind, ProviderOutput
from imaging import cut_out, prepare
from imaging.align import Alignment, align, matched
from imaging.likeness import Scene, likeness
from imaging.removal import corrected
from tests.photos import array, on_white, product_matte, product_photo, raster

SIZE = (400, 300)
MIDDLE = np.array([199.5, 149.5])
TRUTH = array(product_matte(*SIZE))


def drift(
    scale: float = 1.0, stretch: float = 1.0, turn: float = 0.0, shift: tuple[float, float] = (0, 0)
) -> np.ndarray:
    """(2, 3): about the middle; degrees and pixels."""
    angle = np.radians(turn)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([stretch, 1])
    return np.column_stack([linear, MIDDLE + shift - linear @ MIDDLE])


DRIFTS = {
    "none": drift(),
    "shifted": drift(shift=(12, -9)),
    "smaller": drift(scale=0.95, shift=(-8, 9)),
    "larger": drift(scale=1.05),
    "stretched": drift(stretch=1.06),
    "turned": drift(turn=3),
}


def warped(picture: np.ndarray, matrix: np.ndarray, outside: int = 255) -> np.ndarray:
    return cv2.warpAffine(picture, matrix, SIZE, flags=cv2.INTER_CUBIC, borderValue=(outside,) * 3)


def bottle(background: int) -> tuple[np.ndarray, np.ndarray]:
    """A product of one colour, and its matte."""
    matte = np.zeros((300, 400), np.uint8)
    cv2.rectangle(matte, (160, 110), (240, 270), 255, -1, cv2.LINE_AA)
    cv2.ellipse(matte, (200, 110), (40, 30), 0, 180, 360, 255, -1, cv2.LINE_AA)
    cv2.rectangle(matte, (186, 40), (214, 100), 255, -1, cv2.LINE_AA)
    cover = matte[..., None] / 255
    return (np.array((60, 110, 90)) * cover + background * (1 - cover)).astype(np.uint8), matte


def error(found: Alignment, true: np.ndarray) -> float:
    """The largest distance from the truth over the product, in pixels."""
    rows, columns = np.nonzero(TRUTH > 127)
    spots = np.stack([columns, rows, np.ones_like(rows)])
    return float(np.hypot(*((found.matrix - true) @ spots)).max())


@pytest.mark.parametrize("background", ["plain", "gradient", "busy"])
@pytest.mark.parametrize("name", DRIFTS)
def test_the_product_is_found_again_to_a_fraction_of_a_pixel(name, background):
    photo = product_photo(*SIZE, background=background)
    white = array(on_white(photo, product_matte(*SIZE)))
    found = align(array(photo), warped(white, DRIFTS[name]), warped(TRUTH, DRIFTS[name], 0))
    assert error(found, DRIFTS[name]) < 0.8
    assert found.agreement > 0.85


@pytest.mark.parametrize("name", DRIFTS)
def test_a_product_without_texture_is_found_by_its_outline(name):
    (photo, matte), (white, _) = bottle(180), bottle(255)
    picture, moved = warped(white, DRIFTS[name]), warped(matte, DRIFTS[name], 0)
    assert matched(photo, picture, moved)[1] < 40
    assert error(align(photo, picture, moved), DRIFTS[name]) < 1.2


def test_colours_and_the_ground_may_change():
    photo = product_photo(*SIZE, background="gradient")
    white = array(on_white(photo, product_matte(*SIZE))).astype(np.float32)
    light = np.linspace(1, 0.9, 300)[:, None, None] * np.array((235, 238, 240)) / 255
    tinted = np.clip(np.where(TRUTH[..., None] > 0, white * (1.2, 0.85, 0.8), white * light), 0, 255).astype(np.uint8)
    found = align(array(photo), warped(tinted, DRIFTS["smaller"]), warped(TRUTH, DRIFTS["smaller"], 0))
    assert error(found, DRIFTS["smaller"]) < 0.8


def test_the_same_pictures_give_the_same_alignment():
    photo = array(product_photo(*SIZE, background="busy"))
    picture = warped(photo, DRIFTS["larger"])
    assert len({align(photo, picture, TRUTH) for _ in range(3)}) == 1


def test_an_alignment_says_what_it_undoes():
    matrix = drift(scale=0.9, turn=4, shift=(8, 6))
    said = Alignment(tuple(map(tuple, matrix)), SIZE, inliers=0, agreement=1.0)
    assert (said.scale, said.stretch, said.rotation) == pytest.approx((0.9, 1.0, 4.0))
    assert said.shift == pytest.approx(10 / 400)
    assert Alignment(tuple(map(tuple, drift(stretch=1.1))), SIZE, 0, 1.0).stretch == pytest.approx(1.1)


def test_an_alignment_holds_at_any_size():
    said = Alignment(tuple(map(tuple, drift(scale=0.9, shift=(8, 6)))), SIZE, 0, 1.0)
    spot, larger = said.matrix @ [100, 50, 1], said.at((800, 600)) @ [200.5, 100.5, 1]
    assert larger == pytest.approx(2 * spot + 0.5)


def test_another_product_does_not_agree():
    _, other = bottle(255)
    photo = array(product_photo(*SIZE, background="busy"))
    assert align(photo, bottle(255)[0], other).agreement < 0.45


def test_an_empty_matte_and_a_flat_photo_are_no_errors():
    flat, empty = np.full((300, 400, 3), 90, np.uint8), np.zeros((300, 400), np.uint8)
    assert align(flat, flat, empty).agreement == 0
    found = align(flat, flat, empty)
    scene = Scene(flat, flat, empty)
    assert likeness(scene, scene, found, 1.0).frame_unchanged == 1


@pytest.mark.parametrize("size", [(16, 16), (16, 800), (50, 20)])
def test_tiny_and_narrow_photos_are_no_errors(size):
    photo = Photo(raster(np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), np.uint8)), "0")
    geometry = prepare(photo, ModelSpec(kind=ProviderKind.FLUX_KONTEXT, output=OutputKind.ON_WHITE)).geometry
    picture = raster(np.full((64, 64, 3), 255, np.uint8))
    assert cut_out(photo, ProviderOutput(picture, OutputKind.ON_WHITE), geometry).cutout.pixels.size == size


STILL = Alignment(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), SIZE, inliers=100, agreement=0.9)


def told(picture: np.ndarray, alignment: Alignment = STILL, background: str = "gradient"):
    scene = Scene(array(product_photo(*SIZE, background=background)), picture, TRUTH)
    return likeness(scene, scene, alignment, 1.0)


def white(background: str = "gradient") -> np.ndarray:
    return array(on_white(product_photo(*SIZE, background=background), product_matte(*SIZE)))


def test_the_product_on_white_is_like_its_photo():
    found = told(white("busy"), background="busy")
    assert min(found.correlation, found.outline, found.frame_white) > 0.9
    assert (found.frame_unchanged, found.delta_e_median) == (0, 0)
    assert found.whitened > 0.6
    assert found.vote is None
    assert all(value is not None for value in astuple(found)[:-1])


def test_a_recolour_shows_in_colours_and_not_in_edges():
    found = told(np.clip(white() * np.array((1.2, 0.9, 0.8)), 0, 255).astype(np.uint8))
    assert found.delta_e_median > 10
    assert found.correlation > 0.95


def test_a_redrawn_label_loses_correlation_first():
    redrawn = white().copy()
    label = slice(112, 188), slice(150, 230)
    redrawn[label] = redrawn[label][::-1, ::-1]
    found = told(redrawn)
    assert found.correlation < 0.75
    assert found.outline > 0.9
    assert found.delta_e_median < 3


def test_a_background_that_is_still_there_shows():
    found = told(array(product_photo(*SIZE, background="busy")), background="busy")
    assert found.frame_unchanged == 1
    assert (found.frame_white, found.whitened) == (0, 0)


def test_the_embedded_engine_is_asked_only_where_edges_leave_doubt():
    found = told(white(), Alignment(STILL.drift, SIZE, 100, 0.4))
    assert found.vote is not None
    assert found.vote.overlap > 0.9
    assert found.vote.extra < 0.05


def test_what_was_plainly_removed_or_kept_puts_the_matte_right():
    photo, picture = array(product_photo(*SIZE, background="busy")), white("busy")
    wrong = TRUTH.copy()
    wrong[112:188, 160:220] = 0  # a pale label taken for the white ground
    wrong[20:80, 20:90] = 255  # a piece of ground taken for the product
    right = corrected(photo, picture, wrong) > 127
    assert (right & (TRUTH > 127)).sum() / (right | (TRUTH > 127)).sum() > 0.98


def test_the_matte_is_left_alone_where_the_photos_own_ground_is_white():
    assert corrected(white(), white(), TRUTH) is TRUTH


def test_a_shadow_that_the_picture_shares_with_the_photo_is_no_part_of_the_product():
    shade = np.zeros((300, 400), np.float32)
    cv2.ellipse(shade, (250, 250), (110, 18), 0, 0, 360, 0.3, -1)
    light = 1 - cv2.GaussianBlur(shade, (0, 0), 6)[..., None] * (TRUTH[..., None] == 0)
    photo, picture = ((rgb * light).astype(np.uint8) for rgb in (array(product_photo(*SIZE)), white()))
    right = corrected(photo, picture, TRUTH)
    assert np.abs(right.astype(int) - TRUTH).mean() < 0.5
