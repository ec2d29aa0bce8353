"""Whether the contour of a matte lies where its photo has one.

Made for pictures of 320 px. Colours are CIE Lab as OpenCV stores it in bytes: distances in it are about CIE76.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from domain import Contour
from imaging.measures import HALF, frame_touched
from imaging.raster import WHITE, Bytes2, Floats

_ROOM_PX = 6  # how far to both sides of the contour colours are averaged
_CRISP_PX = 2
_ALIKE = 8.0  # Lab distance
_NEAR_SHARE = 0.12
_OBJECTS_OWN = 0.7
_BINS = 20, 12, 12  # bytes of L, a and b in one bin of the histogram
_FRAGMENT = 0.002
_MOST_FRAGMENTS = 10
_SQUARE = np.ones((3, 3), np.uint8)

Mask = NDArray[np.bool_]


def contour_of(lab: Bytes2, alpha: Bytes2) -> Contour:
    """lab (h, w, 3) and alpha (h, w), both uint8 and of one size."""
    inside = alpha > HALF
    edge = edge_of(inside)
    distance, known = _across(lab, inside)
    seen = edge & known
    steep, usual = _steepness(lab, inside)
    return Contour(
        frame=frame_touched(alpha),
        alike=share(distance < _ALIKE, seen),
        flat=share(steep < max(12.0, usual), seen),
        left_out=_left_out(lab, inside),
        fragments=_fragments(inside),
        band=_band(alpha, edge),
    )


def edge_of(inside: Mask) -> Mask:
    """Its outermost pixels; where it goes on beyond the frame it has none."""
    return np.asarray(inside & (cv2.erode(inside.astype(np.uint8), _SQUARE, borderValue=1) == 0))


def share(what: Mask, among: Mask) -> float:
    """Nothing to look at counts against the matte."""
    return float(what[among].mean()) if among.any() else 1.0


def _across(lab: Bytes2, inside: Mask) -> tuple[Floats, Mask]:
    """How far apart the mean colours inside and outside are around each pixel, and where both sides are seen."""
    mask = inside.astype(np.uint8)
    inner = cv2.erode(mask, _SQUARE, borderValue=1).astype(np.float32)
    outer = 1 - cv2.dilate(mask, _SQUARE).astype(np.float32)
    (first, much), (second, many) = (_mean(lab.astype(np.float32), side) for side in (inner, outer))
    known = (much > 0.02) & (many > 0.02)
    return np.asarray(np.linalg.norm(first - second, axis=-1), np.float32), known


def _mean(lab: Floats, weight: Floats) -> tuple[Floats, Floats]:
    size = (2 * _ROOM_PX + 1, 2 * _ROOM_PX + 1)
    cover = cv2.blur(weight, size, borderType=cv2.BORDER_REFLECT)
    total = cv2.blur(lab * weight[..., None], size, borderType=cv2.BORDER_REFLECT)
    return np.asarray(total / (cover[..., None] + 1e-4), np.float32), np.asarray(cover, np.float32)


def _steepness(lab: Bytes2, inside: Mask) -> tuple[Floats, float]:
    """The colour gradient of every pixel, and its mean in rings along the contour on both sides."""
    smooth = cv2.GaussianBlur(lab.astype(np.float32), (0, 0), 1)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    steep = cv2.dilate(np.sqrt((across**2 + down**2).sum(axis=-1)), _SQUARE)
    rings = [_ring(side.astype(np.uint8)) for side in (inside, ~inside)]
    around = rings[0] | rings[1]
    return np.asarray(steep, np.float32), float(steep[around].mean()) if around.any() else 1.0


def _ring(side: Bytes2) -> Mask:
    depth = cv2.distanceTransform(side, cv2.DIST_L2, 3)
    return np.asarray((depth > _ROOM_PX) & (depth < 2 * _ROOM_PX))


def _left_out(lab: Bytes2, inside: Mask) -> float:
    """Share of the pixels near the object that have colours which are more its own than its background's."""
    depth = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3)
    near = (depth > 0) & (depth < _NEAR_SHARE * max(inside.shape))
    return float((_own(lab, inside)[near] > _OBJECTS_OWN).mean()) if near.any() else 0.0


def _own(lab: Bytes2, inside: Mask) -> Floats:
    """By colour alone, how much more likely each pixel is inside than outside (histograms, equal priors)."""
    bins = (lab // np.array(_BINS, np.uint8)).astype(np.int32)
    index = (bins[..., 0] * 24 + bins[..., 1]) * 24 + bins[..., 2]
    counts = [np.bincount(index[side], minlength=int(index.max()) + 1) for side in (inside, ~inside)]
    own, other = (count / max(int(count.sum()), 1) for count in counts)
    return np.asarray((own / (own + other + 1e-9))[index], np.float32)


def _fragments(inside: Mask) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    return min(int((stats[1:, cv2.CC_STAT_AREA] > _FRAGMENT * inside.size).sum()), _MOST_FRAGMENTS)


def _band(alpha: Bytes2, edge: Mask) -> float:
    """The usual width of the edge, from how steeply alpha rises there, over the long side. Every edge is as wide as
    `_CRISP_PX`, which does not count.
    """
    if not edge.any():
        return 0.0
    across, down = (cv2.Sobel(alpha, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    wide = float(np.median(WHITE / np.maximum(cv2.magnitude(across, down)[edge], 1)))
    return max(wide - _CRISP_PX, 0.0) / float(max(alpha.shape))
