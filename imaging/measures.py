"""What the gate looks at."""

from __future__ import annotations

import cv2
import numpy as np

from domain import Cutout, Measures, Raster
from imaging.raster import WHITE, Bytes2, raster_of, shrink, view

HALF = 127
SOFT = 13, 242  # 5 % and 95 % of 255
_FRAGMENT_SIDE = 640


def matte_of(cutout: Cutout) -> Raster:
    """The alpha of a cutout as a grey picture."""
    return raster_of(cv2.extractChannel(view(cutout.pixels), 3))


def measure(cutout: Cutout) -> Measures:
    """Shares of a cutout: `area` of the picture; `frame_touched` of the outermost pixels; `largest_fragment` of the
    area, found at 640 px; `soft` of everything at least 5 % visible that is less than 95 % so.
    """
    alpha = cv2.extractChannel(view(cutout.pixels), 3)
    counts = np.bincount(alpha.reshape(-1), minlength=WHITE + 1)
    visible = counts[SOFT[0] :].sum()
    return Measures(
        area=float(counts[HALF + 1 :].sum() / alpha.size),
        frame_touched=frame_touched(alpha),
        largest_fragment=_largest_fragment(alpha),
        soft=float(counts[SOFT[0] : SOFT[1]].sum() / max(visible, 1)),
    )


def frame_touched(alpha: Bytes2) -> float:
    """Share of the outermost pixels of a matte (height, width) that it covers."""
    frame = np.concatenate([alpha[0], alpha[-1], alpha[1:-1, 0], alpha[1:-1, -1]])
    return float((frame > HALF).mean())


def _largest_fragment(alpha: Bytes2) -> float:
    small = cv2.compare(shrink(alpha, _FRAGMENT_SIDE), HALF, cv2.CMP_GT)
    _, _, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return float(areas.max() / areas.sum()) if areas.size else 0.0
