"""Where a photo lies inside the picture that a model gets, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from domain import ModelSpec, Photo, ProviderKind
from imaging.raster import WHITE, Bytes2, flatten, raster_of, resize, view

Size = tuple[int, int]
"""(width, height) in pixels."""

KONTEXT_SIZES: tuple[Size, ...] = (
    (672, 1568),
    (688, 1504),
    (720, 1456),
    (752, 1392),
    (800, 1328),
    (832, 1248),
    (880, 1184),
    (944, 1104),
    (1024, 1024),
    (1104, 944),
    (1184, 880),
    (1248, 832),
    (1328, 800),
    (1392, 752),
    (1456, 720),
    (1504, 688),
    (1568, 672),
)
"""The sizes to which FLUX.1 Kontext stretches its input (PREFERRED_KONTEXT_RESOLUTIONS in its published code)."""
MAX_SENT_SIDE = 2048


@dataclass(frozen=True, slots=True)
class Geometry:
    """A photo of `source` pixels was scaled into `box` (left, top, width, height) of a picture of `sent` pixels."""

    source: Size
    sent: Size
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a model gets, and how to find the photo again in what it gives back."""

    photo: Photo
    geometry: Geometry


def prepare(photo: Photo, spec: ModelSpec) -> Prepared:
    """The photo in the shape that suits the model: padded for Kontext, otherwise only bounded in size."""
    if spec.kind is ProviderKind.FLUX_KONTEXT:
        return _padded(photo, padded_geometry(photo.pixels.size))
    geometry = bounded_geometry(photo.pixels.size)
    if geometry.sent == geometry.source:
        return Prepared(photo, geometry)
    return Prepared(Photo(raster_of(resize(view(photo.pixels), geometry.sent)), photo.sha256), geometry)


def bounded_geometry(source: Size, max_side: int = MAX_SENT_SIDE) -> Geometry:
    """The whole picture, scaled down so that no side is longer than `max_side`."""
    scale = min(1.0, max_side / max(source))
    sent = _scaled(source, scale)
    return Geometry(source, sent, (0, 0, *sent))


def padded_geometry(source: Size) -> Geometry:
    """Centred in the Kontext size of the nearest aspect ratio: nothing is left for the model to stretch."""
    aspect = source[0] / source[1]
    sent = min(KONTEXT_SIZES, key=lambda size: abs(size[0] / size[1] - aspect))
    scale = min(sent[0] / source[0], sent[1] / source[1])
    width, height = (min(side, limit) for side, limit in zip(_scaled(source, scale), sent, strict=True))
    return Geometry(source, sent, ((sent[0] - width) // 2, (sent[1] - height) // 2, width, height))


def undo(picture: NDArray[Any], geometry: Geometry, size: Size) -> NDArray[Any]:
    """The photo's part of what came back (at whatever scale), resampled to `size`; channels and dtype are kept."""
    fitting = _no_larger(picture, geometry, size)
    height, width = fitting.shape[:2]
    if (width, height) == size and geometry.box == (0, 0, *geometry.sent):
        return fitting
    matrix = _matrix(geometry, (width, height), size)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(fitting, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _no_larger(picture: NDArray[Any], geometry: Geometry, size: Size) -> NDArray[Any]:
    """Averaged down first where bilinear steps would skip pixels."""
    scale = max(size[0] / geometry.box[2], size[1] / geometry.box[3])
    target = _scaled(geometry.sent, scale)
    larger = target[0] < picture.shape[1] and target[1] < picture.shape[0]
    return resize(picture, target) if larger else picture


def _matrix(geometry: Geometry, came: Size, size: Size) -> NDArray[np.float64]:
    """From pixel centres of the result to pixel centres of the picture that came back."""
    matrix = np.zeros((2, 3))
    for axis in (0, 1):
        scale = came[axis] / geometry.sent[axis]
        step = geometry.box[axis + 2] / size[axis] * scale
        matrix[axis, axis] = step
        matrix[axis, 2] = geometry.box[axis] * scale + step / 2 - 0.5
    return matrix


def _padded(photo: Photo, geometry: Geometry) -> Prepared:
    left, top, width, height = geometry.box
    canvas: Bytes2 = np.full((geometry.sent[1], geometry.sent[0], 3), WHITE, np.uint8)
    canvas[top : top + height, left : left + width] = resize(flatten(photo.pixels), (width, height))
    return Prepared(Photo(raster_of(canvas), photo.sha256), geometry)


def _scaled(size: Size, scale: float) -> Size:
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
