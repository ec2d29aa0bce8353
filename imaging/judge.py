"""How much a mask looks like one object before something else, told from the picture and the mask alone."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.raster import WHITE, Bytes2, Floats

_BINS = 16
_SIDES, _COLOURS, _PIECES, _PLACE, _SIZE = 0.75, 0.4, 0.4, 0.4, 0.75
_FOOT = 0.8
_LEAST_AREA, _MOST_AREA, _SMALL_AREA = 0.01, 0.93, 0.05


def objectness(picture: Bytes2, masks: Sequence[Bytes2]) -> Floats:
    """Penalties, (masks,), each at most 0: reaching the frame's top and sides, sharing colours with the outside,
    lying in pieces, lying off the middle, and being next to nothing or nearly everything.
    """
    bins = _colour_bins(picture)
    return np.array([_penalty(bins, mask > WHITE // 2) for mask in masks], np.float32)


def _penalty(bins: NDArray[np.intp], inside: NDArray[np.bool_]) -> float:
    area = float(inside.mean())
    if not _LEAST_AREA < area < _MOST_AREA:
        return -2.0
    faults = (
        (_SIDES, _sides_touched(inside)),
        (_COLOURS, _colours_shared(bins, inside)),
        (_PIECES, 1 - _largest_piece(inside)),
        (_PLACE, _off_centre(inside)),
        (_SIZE, max(_SMALL_AREA - area, 0) / _SMALL_AREA),
    )
    return -sum(weight * fault for weight, fault in faults)


def _colour_bins(picture: Bytes2) -> NDArray[np.intp]:
    """Each pixel's place in a Lab histogram of 16 x 16 x 16 bins."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2Lab).astype(np.intp) * _BINS // (WHITE + 1)
    return np.asarray((lab[..., 0] * _BINS + lab[..., 1]) * _BINS + lab[..., 2])


def _sides_touched(inside: NDArray[np.bool_]) -> float:
    foot = int(len(inside) * _FOOT)
    return float(np.concatenate([inside[0], inside[:foot, 0], inside[:foot, -1]]).mean())


def _colours_shared(bins: NDArray[np.intp], inside: NDArray[np.bool_]) -> float:
    """Pixels of the smaller side that find one of their colour on the other side, as a share."""
    within = np.bincount(bins[inside], minlength=_BINS**3)
    without = np.bincount(bins[~inside], minlength=_BINS**3)
    return float(np.minimum(within, without).sum() / max(min(within.sum(), without.sum()), 1))


def _largest_piece(inside: NDArray[np.bool_]) -> float:
    _, _, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(areas.max() / areas.sum())


def _off_centre(inside: NDArray[np.bool_]) -> float:
    """Distance of the mask's centre from the picture's, in shares of the sides."""
    rows, columns = np.nonzero(inside)
    return float(np.hypot(rows.mean() / inside.shape[0] - 0.5, columns.mean() / inside.shape[1] - 0.5))
