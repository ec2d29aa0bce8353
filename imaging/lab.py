"""Colours as people see them: CIE L*a*b*, differences, and what passes for white."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.raster import Bytes2, Floats, shares

Flags = NDArray[np.bool_]
_LIGHT, _COLOURLESS = 86.0, 9.0
_WHITE, _PURE = 96.0, 3.0


def lab_of(rgb: Bytes2, blur: float = 0.0) -> Floats:
    """(height, width, 3): L in [0, 100], a and b around 0; `blur` is a sigma in pixels."""
    smooth = cv2.GaussianBlur(rgb, (0, 0), blur) if blur else rgb
    return np.asarray(cv2.cvtColor(shares(smooth), cv2.COLOR_RGB2Lab))


def difference(one: Floats, other: Floats) -> Floats:
    """CIE76, (height, width)."""
    return np.asarray(np.sqrt(np.square(one - other).sum(axis=-1)), np.float32)


def passes_for_white(lab: Floats) -> Flags:
    """White, off-white, and white in the weak shade of a vignette."""
    return np.asarray((lab[..., 0] > _LIGHT) & (np.hypot(lab[..., 1], lab[..., 2]) < _COLOURLESS))


def is_white(lab: Floats) -> Flags:
    """So white that nothing is left to remove: about 245 and more in every channel."""
    return np.asarray((lab[..., 0] > _WHITE) & (np.hypot(lab[..., 1], lab[..., 2]) < _PURE))
