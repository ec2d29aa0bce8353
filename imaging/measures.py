"""What the gate looks at."""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np

from domain import Cutout, Measures, Photo, Raster
from imaging.raster import WHITE, Bytes2, flatten, raster_of, shrink, strips, view

HALF = 127
SOFT = 13, 242  # 5 % and 95 % of 255
_FRAGMENT_SIDE = 640
_CLEANED = 8  # levels by which cleaning an edge may miss
_MAY_DIFFER = np.array([min(255 - a + _CLEANED * (a < 255), 255) for a in range(256)], np.uint8)


def matte_of(cutout: Cutout) -> Raster:
    """The alpha of a cutout as a grey picture."""
    return raster_of(cv2.extractChannel(view(cutout.pixels), 3))


def decided(cutout: Cutout, photo: Photo | None = None) -> Bytes2:
    """The alpha of a cutout; of a photo that is transparent itself, as a share of its own: what was taken away."""
    alpha = cv2.extractChannel(view(cutout.pixels), 3)
    if photo is None or photo.pixels.mode != "RGBA":
        return np.asarray(alpha)
    return np.asarray(cv2.divide(alpha, cv2.extractChannel(view(photo.pixels), 3), scale=WHITE))


def measure(cutout: Cutout, photo: Photo | None = None) -> Measures:
    """Shares of a cutout: `area` of the picture; `frame_touched` of the outermost pixels; `largest_fragment` of the
    area, found at 640 px; `soft` of everything at least 5 % visible that is less than 95 % so.
    """
    alpha = decided(cutout, photo)
    counts = np.bincount(alpha.reshape(-1), minlength=WHITE + 1)
    visible = counts[SOFT[0] :].sum()
    return Measures(
        area=float(counts[HALF + 1 :].sum() / alpha.size),
        frame_touched=frame_touched(alpha),
        largest_fragment=_largest_fragment(alpha),
        soft=float(counts[SOFT[0] : SOFT[1]].sum() / max(visible, 1)),
    )


def stored_colours(pixels: Raster) -> Bytes2:
    """The photo's colours as they are stored, (height, width, 3): transparency is not blended into them."""
    return np.ascontiguousarray(view(pixels)[..., :3]) if pixels.mode == "RGBA" else flatten(pixels)


def foreign(photo: Photo, cutout: Cutout) -> float:
    """Of what is at least 95 % visible, the share whose colour no background could turn into the photo's.

    With alpha 255 that is every other colour; with less, the background may have had its share of the difference.
    """
    pixels, colours = view(cutout.pixels), stored_colours(photo.pixels)
    counts = [_solid_and_wrong(pixels[rows], colours[rows]) for rows in strips(*colours.shape[:2])]
    solid, wrong = np.sum(counts, axis=0)
    return float(wrong / max(solid, 1))


def _solid_and_wrong(rgba: Bytes2, colours: Bytes2) -> tuple[int, int]:
    red, green, blue, alpha = cv2.split(rgba)
    change = reduce(cv2.max, cv2.split(cv2.absdiff(cv2.merge([red, green, blue]), colours)))
    solid = cv2.inRange(alpha, SOFT[1], WHITE)
    wrong = cv2.bitwise_and(cv2.compare(change, cv2.LUT(alpha, _MAY_DIFFER), cv2.CMP_GT), solid)
    return cv2.countNonZero(solid), cv2.countNonZero(wrong)


def frame_touched(alpha: Bytes2) -> float:
    """Share of the outermost pixels of a matte (height, width) that it covers."""
    frame = np.concatenate([alpha[0], alpha[-1], alpha[1:-1, 0], alpha[1:-1, -1]])
    return float((frame > HALF).mean())


def _largest_fragment(alpha: Bytes2) -> float:
    small = cv2.compare(shrink(alpha, _FRAGMENT_SIDE), HALF, cv2.CMP_GT)
    _, _, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(areas.max() / areas.sum()) if areas.size else 0.0
