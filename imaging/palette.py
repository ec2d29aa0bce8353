"""How far each colour is from those that the frame of the picture is made of."""

from __future__ import annotations

import cv2
import numpy as np

from imaging.raster import Bytes2, Floats, shares

_COLOURS = 6
_ROUNDS = 15
_MARGIN = 0.03
_FOOT = 0.8
_LEAST_SPREAD = 2.0
_FARTHEST = 6.0
_SEED = 1


def unlike_frame(rgb: Bytes2) -> Floats:
    """(height, width) in [0, 1]: distance to the nearest of six colours of the frame, in their spreads.

    The foot of the frame is left out: things stand there, or are cut by it.
    """
    lab = np.asarray(cv2.cvtColor(shares(rgb), cv2.COLOR_RGB2Lab))
    frame = _frame(lab)
    cv2.setRNGSeed(_SEED)
    count = min(_COLOURS, len(frame))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, _ROUNDS, 0.5)
    _, labels, centres = cv2.kmeans(frame, count, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    squares = np.square(frame - centres[labels[:, 0]]).sum(axis=1)
    sizes = np.maximum(np.bincount(labels[:, 0], minlength=count), 1)
    spreads = np.sqrt(np.bincount(labels[:, 0], weights=squares, minlength=count) / sizes) + _LEAST_SPREAD
    nearest = np.full(lab.shape[:2], _FARTHEST, np.float32)
    for centre, spread in zip(centres, spreads, strict=True):
        np.minimum(nearest, np.sqrt(np.square(lab - centre).sum(axis=-1)) / np.float32(spread), out=nearest)
    return nearest / np.float32(_FARTHEST)


def _frame(lab: Floats) -> Floats:
    """The colours (pixels, 3) of the outermost 3 % on top and at the sides."""
    height, width = lab.shape[:2]
    margin = max(round(max(height, width) * _MARGIN), 2)
    on_frame = np.zeros((height, width), bool)
    on_frame[:margin] = True
    on_frame[: int(height * _FOOT), :margin] = True
    on_frame[: int(height * _FOOT), -margin:] = True
    return np.asarray(lab[on_frame])
