"""How likely each pixel is the object's, by a small network of our own; `training/` holds the scripts that made it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from imaging.raster import Bytes2, Floats, resize

_FILE = Path(__file__).parent.parent / "data" / "network.onnx"
_SIDE = 192
_MIDDLE, _SCALE = 127.5, 64.0
_TOLD_LOCK = Lock()
_IDLE: list[cv2.dnn.Net] = []  # a network of OpenCV keeps its input and its output: each is somebody's while it works
_TOLD: OrderedDict[bytes, Floats] = OrderedDict()
_MOST_TOLD = 16  # of 150 kB each: every cutout of a photo is compared with what was said of it


def seen(rgb: Bytes2) -> Floats:
    """(192, 192) in [0, 1] for a picture (height, width, 3), which is squeezed or stretched into that square.

    The mean of the picture and its mirror image: what the network says of both is steadier.
    """
    small = resize(rgb, (_SIDE, _SIDE))
    key = hashlib.blake2b(small.tobytes(), digest_size=16).digest()
    with _TOLD_LOCK:
        told = _TOLD.get(key)
    if told is None:
        told = _asked((small.astype(np.float32) - _MIDDLE) / _SCALE)
    with _TOLD_LOCK:
        _TOLD[key] = told
        _TOLD.move_to_end(key)
        if len(_TOLD) > _MOST_TOLD:
            _TOLD.popitem(last=False)
    return told


def _asked(square: Floats) -> Floats:
    said = _logits(square) + _logits(square[:, ::-1])[:, ::-1]
    probability = np.asarray(1 / (1 + np.exp(-said / 2)), np.float32)
    probability.flags.writeable = False  # it is told to many
    return probability


def _logits(square: Floats) -> Floats:
    with _network() as network:
        network.setInput(np.ascontiguousarray(square.transpose(2, 0, 1)[None]))
        return np.asarray(network.forward()[0, 0], np.float32).copy()


@contextmanager
def _network() -> Iterator[cv2.dnn.Net]:
    """One that is idle, or one more: nobody waits for a thread of low priority, which may wait itself."""
    try:
        network = _IDLE.pop()
    except IndexError:
        network = cv2.dnn.readNetFromONNX(str(_FILE))
    yield network
    if not _IDLE:  # one is enough to keep: they take 19 MB each
        _IDLE.append(network)
