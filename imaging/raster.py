"""Rasters as arrays and back; arrays of a raster are views of its bytes and cannot be written to."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from domain import Raster

Bytes2 = NDArray[np.uint8]
"""uint8, (height, width) or (height, width, channels)."""
Floats = NDArray[np.float32]
"""float32 of any shape; colours and alpha run from 0 to 1 unless a docstring says otherwise."""

_MODES: dict[int, Literal["L", "RGB", "RGBA"]] = {1: "L", 3: "RGB", 4: "RGBA"}
WHITE = 255


def view(pixels: Raster) -> Bytes2:
    """(height, width) for "L", else (height, width, channels); no copy, read-only."""
    flat = np.frombuffer(pixels.data, np.uint8)
    channels = len(pixels.mode)
    return flat.reshape(pixels.height, pixels.width, channels)[..., 0 if channels == 1 else slice(None)]


def raster_of(array: NDArray[Any]) -> Raster:
    """A value from uint8 (height, width) or (height, width, 1, 3 or 4); one copy."""
    height, width = array.shape[:2]
    return Raster(width, height, _MODES[1 if array.ndim == 2 else array.shape[2]], array.tobytes())


def flatten(pixels: Raster) -> Bytes2:
    """RGB bytes (height, width, 3): grey spread over three channels, transparency on white."""
    array = view(pixels)
    if pixels.mode == "L":
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_GRAY2RGB))
    return _on_white(array) if pixels.mode == "RGBA" else array


def _on_white(rgba: Bytes2) -> Bytes2:
    """Composite in rows of strips: a float copy of a large picture would cost 12 bytes a pixel."""
    flat = np.empty((*rgba.shape[:2], 3), np.uint8)
    for rows in strips(rgba.shape[0], rgba.shape[1]):
        alpha = rgba[rows, :, 3:].astype(np.uint16)
        mixed = rgba[rows, :, :3] * alpha + WHITE * (WHITE - alpha)
        flat[rows] = (mixed + WHITE // 2) // WHITE
    return flat


def strips(height: int, width: int, pixels: int = 1 << 20) -> list[slice]:
    """Rows cut into slices of about `pixels` pixels each."""
    step = max(pixels // max(width, 1), 1)
    return [slice(top, min(top + step, height)) for top in range(0, height, step)]


def shrink(array: NDArray[Any], long_side: int) -> NDArray[Any]:
    """The array, area-averaged so that its long side is at most `long_side`; itself when it fits."""
    height, width = array.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return array
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA))


def shrink_fast(array: NDArray[Any], long_side: int) -> NDArray[Any]:
    """As `shrink`, but halved first as often as it goes, which OpenCV does ten times as fast; rounds once more each."""
    while min(array.shape[:2]) > 1 and max(array.shape[:2]) >= 2 * long_side:
        size = (array.shape[1] + 1) // 2, (array.shape[0] + 1) // 2
        array = np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA))
    return shrink(array, long_side)


def resize(array: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Resized to (width, height): averaged where it shrinks, bilinear where it grows."""
    height, width = array.shape[:2]
    if size == (width, height):
        return array
    smaller = size[0] <= width and size[1] <= height
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR))


def shares(array: NDArray[Any]) -> Floats:
    """Bytes as shares in [0, 1]."""
    return np.asarray(np.multiply(array, np.float32(1 / WHITE), dtype=np.float32))


def to_bytes(share: Floats) -> Bytes2:
    """Shares in [0, 1] as bytes, rounded."""
    return np.asarray(cv2.convertScaleAbs(np.clip(share, 0, 1), alpha=WHITE))
