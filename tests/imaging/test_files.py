"""Pixels as files."""

import io

import numpy as np
import pytest
from PIL import Image

from imaging import decode_picture, encode_png, encode_preview, encode_upload
from tests.photos import array, cutout_rgba, product_matte, product_photo, raster

PHOTO, MATTE = product_photo(), product_matte()
CUTOUT = cutout_rgba(PHOTO, MATTE)


@pytest.mark.parametrize("pixels", [PHOTO, MATTE, CUTOUT], ids=["RGB", "L", "RGBA"])
def test_a_png_comes_back_exactly(pixels):
    assert decode_picture(encode_png(pixels)) == pixels


def test_colours_that_nobody_sees_are_not_stored():
    secret = array(PHOTO)
    hidden = raster(np.dstack([secret, np.where(array(MATTE) > 0, 255, 0)]))
    stored = np.asarray(Image.open(io.BytesIO(encode_png(hidden))))
    assert (stored[stored[..., 3] == 0] == 0).all()
    assert (stored[stored[..., 3] == 255] == array(hidden)[stored[..., 3] == 255]).all()
    assert len(encode_png(hidden)) < 0.7 * len(encode_png(PHOTO))


@pytest.mark.parametrize(("pixels", "mode"), [(PHOTO, "RGB"), (CUTOUT, "RGBA"), (MATTE, "RGB")])
def test_a_preview_is_a_small_webp(pixels, mode):
    preview = Image.open(io.BytesIO(encode_preview(pixels, 200)))
    assert (preview.format, preview.size, preview.mode) == ("WEBP", (200, 150), mode)
    assert len(encode_preview(pixels, 200)) < 20_000


def test_a_small_picture_is_not_blown_up_for_its_preview():
    assert Image.open(io.BytesIO(encode_preview(product_photo(90, 60)))).size == (90, 60)


def test_a_previews_edges_do_not_take_on_hidden_colours():
    split = np.zeros((400, 400, 4), np.uint8)
    split[:, :201] = 255, 0, 0, 255
    split[:, 201:] = 0, 255, 0, 0
    small = np.asarray(Image.open(io.BytesIO(encode_preview(raster(split), 50))).convert("RGBA"))
    seen = small[small[..., 3] > 40]
    assert seen[:, 1].max() < 60


@pytest.mark.parametrize("pixels", [PHOTO, CUTOUT], ids=["RGB", "RGBA"])
def test_an_upload_is_a_fine_jpeg_on_white(pixels):
    sent = Image.open(io.BytesIO(encode_upload(pixels)))
    assert (sent.format, sent.mode, sent.size) == ("JPEG", "RGB", pixels.size)
    assert [component[1:3] for component in sent.layer] == [(1, 1)] * 3  # no chroma subsampling
    alpha = array(pixels)[..., 3:] / 255 if pixels.mode == "RGBA" else 1
    expected = array(pixels)[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(np.asarray(sent, float) - expected).mean() < 2


def test_an_uploaded_matte_stays_lossless():
    assert decode_picture(encode_upload(MATTE)) == MATTE


@pytest.mark.parametrize("encode", [encode_png, encode_preview, encode_upload])
def test_files_carry_no_metadata(encode):
    info = Image.open(io.BytesIO(encode(PHOTO))).info
    assert not set(info) & {"exif", "icc_profile", "xmp", "comment"}
