"""Cards with known colours through the gate: they stand upright, and no colour is off by more than ΔE 2."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from gate import process_gate
from imaging import encode_png, encode_preview, encode_upload
from tests.photos import array

CARDS = Path(__file__).with_name("cards")
CORNERS = {(0, 0): (220, 20, 20), (0, -1): (20, 180, 20), (-1, 0): (20, 40, 220), (-1, -1): (255, 255, 255)}
FURTHEST = 2.0
SRGB_D50 = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
"""The columns are sRGB's primaries in the profile connection space (ICC, D50)."""


def opened(name: str) -> np.ndarray:
    return array(process_gate().photo((CARDS / name).read_bytes()).pixels)


def patch(pixels: np.ndarray, row: int, column: int) -> np.ndarray:
    """The mean colour of six pixels square in a corner, two pixels from the edges."""
    rows, columns = (slice(2, 8) if at == 0 else slice(-8, -2) for at in (row, column))
    return pixels[rows, columns].reshape(-1, 3).mean(axis=0)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """CIE76 of two sRGB colours in [0, 255]."""
    pair = np.float32([first, second])[np.newaxis] / 255
    lab = cv2.cvtColor(pair, cv2.COLOR_RGB2LAB)[0]
    return float(np.linalg.norm(lab[0] - lab[1]))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("corner", CORNERS, ids=["red", "green", "blue", "white"])
def test_a_card_stands_upright_whichever_way_the_camera_was_held(orientation: int, corner: tuple[int, int]):
    pixels = opened(f"good_jpeg_orient{orientation}.jpg")
    assert pixels.shape == (240, 320, 3)
    assert distance(patch(pixels, *corner), np.array(CORNERS[corner])) < FURTHEST


def tags(profile: bytes) -> dict[bytes, bytes]:
    entries = (struct.unpack(">4sII", profile[at : at + 12]) for at in range(132, 132 + 12 * profile[131], 12))
    return {name: profile[start : start + size] for name, start, size in entries}


def by_hand(pixels: np.ndarray, profile: bytes) -> np.ndarray:
    """A matrix profile's colours as sRGB, worked out from its tags."""
    told = tags(profile)
    assert told[b"rTRC"][:4] == b"curv"
    (count,) = struct.unpack(">I", told[b"rTRC"][8:12])
    curve = np.frombuffer(told[b"rTRC"], ">u2", count, 12).astype(float)
    share = pixels / 255
    linear = share ** (curve[0] / 256) if count == 1 else np.interp(share, np.linspace(0, 1, count), curve / 65535)
    columns = [np.array(struct.unpack(">3i", told[name][8:20])) / 65536 for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    target = np.clip(linear @ np.array(columns) @ np.linalg.inv(SRGB_D50).T, 0, 1)
    return 255 * np.where(target <= 0.0031308, 12.92 * target, 1.055 * target ** (1 / 2.4) - 0.055)


def test_wide_colours_come_out_as_the_profile_means_them():
    data = (CARDS / "good_jpeg_icc_p3.jpg").read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        meant = by_hand(np.asarray(image, float), image.info["icc_profile"])
    seen = opened("good_jpeg_icc_p3.jpg")
    assert max(distance(patch(seen, *corner), patch(meant, *corner)) for corner in CORNERS) < FURTHEST
    middle = slice(110, 130), slice(150, 170)
    assert distance(seen[middle].reshape(-1, 3).mean(axis=0), meant[middle].reshape(-1, 3).mean(axis=0)) < FURTHEST
    assert distance(seen[middle].reshape(-1, 3).mean(axis=0), meant[middle].reshape(-1, 3).mean(axis=0) + 20) > FURTHEST


@pytest.mark.parametrize("encode", [encode_png, encode_preview, encode_upload])
def test_nothing_that_goes_out_keeps_where_and_by_whom_a_photo_was_taken(encode):
    data = (CARDS / "good_jpeg_gps.jpg").read_bytes()
    assert b"H7MARK" in data
    made = encode(process_gate().photo(data).pixels)
    assert b"H7MARK" not in made
    with Image.open(io.BytesIO(made)) as image:
        assert not image.getexif()
        assert "icc_profile" not in image.info
