"""Pixels as files: lossless results, light previews, uploads that every hosted model reads. No metadata in any."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from domain import Raster
from imaging.raster import Bytes2, flatten, shrink_fast, view

_UPLOAD_QUALITY = 95
_PREVIEW_QUALITY = 80


def encode_png(pixels: Raster) -> bytes:
    """A lossless PNG; colours under full transparency become black, which nobody sees and which packs well."""
    array = view(pixels)
    if pixels.mode == "RGBA":
        return _encoded(".png", _bgra(array))
    return _encoded(".png", cv2.cvtColor(array, cv2.COLOR_RGB2BGR) if pixels.mode == "RGB" else array)


def encode_preview(pixels: Raster, max_side: int = 1280) -> bytes:
    """A WebP of at most `max_side` pixels a side, alpha kept."""
    array = _shrink_rgba(view(pixels), max_side) if pixels.mode == "RGBA" else shrink_fast(view(pixels), max_side)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array)).save(buffer, "WEBP", quality=_PREVIEW_QUALITY, method=1)
    return buffer.getvalue()


def encode_upload(pixels: Raster) -> bytes:
    """A JPEG of quality 95 without chroma subsampling, transparency on white; PNG for a grey matte."""
    if pixels.mode == "L":
        return encode_png(pixels)
    bgr = cv2.cvtColor(flatten(pixels), cv2.COLOR_RGB2BGR)
    full_chroma = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return _encoded(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _UPLOAD_QUALITY, *full_chroma])


def _encoded(suffix: str, array: Bytes2, options: list[int] | None = None) -> bytes:
    """OpenCV's PNG defaults (run lengths, Sub filter) are four times as fast as zlib's level 1, and no larger."""
    done, data = cv2.imencode(suffix, array, options or [])
    if not done:
        raise ValueError(f"cannot encode {array.shape} as {suffix}")
    return bytes(data)


def _bgra(rgba: Bytes2) -> Bytes2:
    bgra = np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    hidden = cv2.compare(cv2.extractChannel(rgba, 3), 0, cv2.CMP_EQ)
    return np.asarray(cv2.copyTo(np.zeros_like(bgra), hidden, bgra))


def _shrink_rgba(rgba: Bytes2, max_side: int) -> Bytes2:
    """Averages weighed by alpha, so that hidden colours do not leak into the edges."""
    small = shrink_fast(rgba, max_side)
    if small is rgba:
        return rgba
    alpha = cv2.extractChannel(rgba, 3)
    opaque = cv2.merge([alpha] * 3)
    weighed = cv2.multiply(np.ascontiguousarray(rgba[..., :3]), opaque, scale=1 / 255)
    light = shrink_fast(weighed, max_side).astype(np.float32)
    cover = np.maximum(small[..., 3:].astype(np.float32), 1) / 255
    return np.dstack([np.clip(np.rint(light / cover), 0, 255).astype(np.uint8), small[..., 3]])
