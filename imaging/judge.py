"""How much a mask looks like one object before something else, told from the mask alone."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.raster import WHITE, Bytes2, Floats

_SIDES, _PIECES, _SIZE, _FILLS = 0.5, 0.7, 0.5, 0.8
_FOOT = 0.8
_LEAST_AREA, _MOST_AREA, _SMALL_AREA, _LARGE_AREA = 0.01, 0.93, 0.05, 0.5
_NO_OBJECT = -2.0


def objectness(masks: Sequence[Bytes2]) -> Floats:
    """Penalties, (masks,): reaching the frame's top and sides, lying in pieces, being next to nothing or nearly all.

    What fills more than half of the picture reaches its sides without fault, and gets some of that back. The factors
    were fitted, ten photos in a hundred held out at a time, and rounded; features that did not help there (shared
    colours, contrast along the contour, convexity, distance from the middle) are left out.
    """
    return np.array([_score(mask > WHITE // 2) for mask in masks], np.float32)


def _score(inside: NDArray[np.bool_]) -> float:
    area = float(inside.mean())
    if not _LEAST_AREA < area < _MOST_AREA:
        return _NO_OBJECT
    size = _SIZE * max(_SMALL_AREA - area, 0) / _SMALL_AREA - _FILLS * max(area - _LARGE_AREA, 0)
    return -_SIDES * _sides_touched(inside) - _PIECES * (1 - _largest_piece(inside)) - size


def _sides_touched(inside: NDArray[np.bool_]) -> float:
    foot = int(len(inside) * _FOOT)
    return float(np.concatenate([inside[0], inside[:foot, 0], inside[:foot, -1]]).mean())


def _largest_piece(inside: NDArray[np.bool_]) -> float:
    _, _, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(areas.max() / areas.sum())
