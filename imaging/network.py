"""How likely each pixel is the object's, by a small network of our own; `training/` holds the scripts that made it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from imaging.raster import Bytes2, Floats, resize

_FILE = Path(__file__).parent.parent / "data" / "network.onnx"
_SIDE = 192
_MIDDLE, _SCALE = 127.5, 64.0
_ONE_AT_A_TIME = Lock()


def seen(rgb: Bytes2) -> Floats:
    """(192, 192) in [0, 1] for a picture (height, width, 3), which is squeezed or stretched into that square.

    The mean of the picture and its mirror image: what the network says of both is steadier.
    """
    square = (resize(rgb, (_SIDE, _SIDE)).astype(np.float32) - _MIDDLE) / _SCALE
    said = _logits(square) + _logits(square[:, ::-1])[:, ::-1]
    probability = 1 / (1 + np.exp(-said / 2))
    return np.asarray(probability, np.float32)


def _logits(square: Floats) -> Floats:
    with _ONE_AT_A_TIME:  # a network of OpenCV keeps its input and its output
        network = _network()
        network.setInput(np.ascontiguousarray(square.transpose(2, 0, 1)[None]))
        return np.asarray(network.forward()[0, 0], np.float32).copy()


@cache
def _network() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(_FILE))
