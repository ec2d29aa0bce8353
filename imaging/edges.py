"""Edge colours without the old background in them.

Source: Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021), section 3: blurred foreground and
background colours, then one step towards colours that explain the picture; twice, with a wide and a narrow blur.
"""

from __future__ import annotations

import cv2
import numpy as np

from imaging.matting import Window, windows
from imaging.raster import WHITE, Bytes2, Floats, resize, shares, shrink_fast, to_bytes

_WIDE_SHARE = 0.02
_NARROW = 6
_COARSE_SIDE = 800
_TINY = 1e-5


def clean(colours: Bytes2, alpha: Bytes2, part: Window | None = None) -> Bytes2:
    """Colours (height, width, 3) with those under soft alpha replaced by estimates of the object's own.

    Opaque pixels are exactly the picture's; fully transparent ones are black. Of a `part`, which lies on the grid of
    `windows`, that part alone comes back.
    """
    height, width = alpha.shape
    part = part or Window(0, 0, width, height)
    here = np.ascontiguousarray(alpha[part.slices])
    result = _opaque(np.ascontiguousarray(colours[part.slices]), here)
    soft = cv2.inRange(here, 1, WHITE - 1)
    if not cv2.hasNonZero(soft):
        return result
    coarse = _coarse(colours, alpha)
    for square in windows(*part.size):
        if cv2.hasNonZero(np.ascontiguousarray(soft[square.slices])):
            estimate = _fine(colours, alpha, coarse, square.within(Window(-part.left, -part.top, 0, 0)))
            np.copyto(result[square.slices], estimate, where=soft[square.slices][..., None] > 0)
    return result


def around(changed: Window, width: int, height: int) -> Window:
    """The part whose clean colours may differ when alpha changed there."""
    return changed.grown(2 * _NARROW, width, height).on_grid(width, height)


def _opaque(colours: Bytes2, alpha: Bytes2) -> Bytes2:
    return np.asarray(cv2.copyTo(colours, cv2.compare(alpha, WHITE, cv2.CMP_EQ), np.zeros_like(colours)))


def _coarse(colours: Bytes2, alpha: Bytes2) -> tuple[Bytes2, Bytes2]:
    """Foreground and background after the wide pass, on a small picture: a wide blur has no detail to lose."""
    small, cover = shrink_fast(colours, _COARSE_SIDE), shrink_fast(alpha, _COARSE_SIDE)
    image = shares(small)
    radius = max(round(max(cover.shape) * _WIDE_SHARE), 1)
    front, back = _fused(image, image, image, shares(cover), radius)
    return to_bytes(front), to_bytes(back)


def _fine(colours: Bytes2, alpha: Bytes2, coarse: tuple[Bytes2, Bytes2], window: Window) -> Bytes2:
    """The narrow pass over one window, with room around it for the blur."""
    height, width = alpha.shape
    room = window.grown(2 * _NARROW, width, height)
    front, back = (_part(layer, room, width, height) for layer in coarse)
    image = shares(colours[room.slices])
    front, _ = _fused(image, front, back, shares(alpha[room.slices]), _NARROW)
    left, top = window.left - room.left, window.top - room.top
    return to_bytes(front[top : top + window.size[1], left : left + window.size[0]])


def _part(layer: Bytes2, room: Window, width: int, height: int) -> Floats:
    """A window of the large picture, cut from a small layer: blurred colours need no exact alignment."""
    across, down = layer.shape[1] / width, layer.shape[0] / height
    columns = slice(int(room.left * across), max(round(room.right * across), int(room.left * across) + 1))
    rows = slice(int(room.top * down), max(round(room.bottom * down), int(room.top * down) + 1))
    return shares(resize(np.ascontiguousarray(layer[rows, columns]), room.size))


def _fused(image: Floats, front: Floats, back: Floats, alpha: Floats, radius: int) -> tuple[Floats, Floats]:
    """One pass: better guesses of both colours, (height, width, 3) each, in [0, 1]."""
    cover = alpha[..., None]
    front = _average(front, cover, radius)
    back = _average(back, 1 - cover, radius)
    better = front + cover * (image - cover * front - (1 - cover) * back)
    return np.asarray(np.clip(better, 0, 1), np.float32), back


def _average(colours: Floats, weight: Floats, radius: int) -> Floats:
    side = (2 * radius + 1, 2 * radius + 1)
    total = cv2.blur(np.dstack([colours * weight, weight]), side, borderType=cv2.BORDER_REFLECT)
    return np.asarray(total[..., :3] / (total[..., 3:] + _TINY), np.float32)
