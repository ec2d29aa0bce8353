"""A cutout mended by hand: strokes, then the finish, then the photo's colours under the new matte."""

from __future__ import annotations

import cv2
import numpy as np

from domain import Cutout, OutputKind, Photo, ProviderOutput, Raster, Strokes, TouchUp
from imaging.cutout import cut_again, make_cutout
from imaging.encode import encode_preview
from imaging.finishing import finished
from imaging.geometry import bounded_geometry
from imaging.measures import HALF, matte_of
from imaging.raster import Bytes2, flatten, raster_of, shares, shrink_fast, to_bytes, view
from imaging.strokes import struck

EASEL_SIDE = 1024
_FAINT = 0.45
_SQUARE = 12
_LIGHT, _DARK = 0.93, 0.78


def mend(photo: Photo, cutout: Cutout, strokes: Strokes, options: TouchUp) -> Cutout:
    """The cutout with strokes and finish; opaque pixels are exactly the photo's, alpha is never above its own."""
    return finish(photo, struck(photo, matte_of(cutout), strokes), options, cutout)


def finish(photo: Photo, matte: Raster, options: TouchUp, old: Cutout | None = None) -> Cutout:
    """The cutout for a matte ("L", of the photo's size); quicker where it resembles an `old` one of the photo."""
    done = finished(matte, options)
    if old and old.pixels.mode == "RGBA":
        return cut_again(photo, old, done)
    geometry = bounded_geometry(photo.pixels.size, max(photo.pixels.size))
    return make_cutout(photo, ProviderOutput(done, OutputKind.MASK), geometry)


def is_empty(cutout: Cutout) -> bool:
    """Nothing is more than half visible."""
    return not cv2.hasNonZero(cv2.compare(view(matte_of(cutout)), HALF, cv2.CMP_GT))


def easel(photo: Photo, matte: Raster) -> bytes:
    """What a person paints on, a WebP of at most 1024 px a side: the cutout, and faintly what is outside of it."""
    picture = shares(shrink_fast(flatten(photo.pixels), EASEL_SIDE))
    alpha = shares(shrink_fast(view(matte), EASEL_SIDE))[..., None]
    faint = _board(*picture.shape[:2])[..., None] * (1 - _FAINT) + picture * _FAINT
    return encode_preview(raster_of(to_bytes(np.asarray(faint + (picture - faint) * alpha, np.float32))), EASEL_SIDE)


def _board(height: int, width: int) -> Bytes2:
    """A checkerboard, (height, width), shares in [0, 1]: everywhere the sign for nothing."""
    y, x = np.indices((height, width)) // _SQUARE
    return np.where((x + y) % 2, _LIGHT, _DARK).astype(np.float32)
