"""What a person would see at a glance in a cutout that is not wrong, but will hardly please."""

from __future__ import annotations

import cv2
import numpy as np

from domain import Cutout, Photo, Sights
from imaging.measures import HALF, matte_of
from imaging.raster import Bytes2, shrink, view

_SIDE = 320


def sights(photo: Photo, cutout: Cutout) -> Sights:
    """Seen at 320 px; the photo's size is its own."""
    inside = cv2.compare(shrink(view(matte_of(cutout)), _SIDE), HALF, cv2.CMP_GT)
    return Sights(*photo.pixels.size, least_side=_least_side(inside), second=_second(inside))


def _least_side(inside: Bytes2) -> float:
    """How much of the side that it covers least lies under the object."""
    sides = inside[0], inside[-1], inside[:, 0], inside[:, -1]
    return min(float((side > 0).mean()) for side in sides)


def _second(inside: Bytes2) -> float:
    """Area of the second largest piece over that of the largest."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA])[::-1]
    return float(areas[1] / areas[0]) if len(areas) > 1 else 0.0
