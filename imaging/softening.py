"""From a hard mask to a matte: alpha from the colours on both sides of the contour, then drawn along the edges."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.matting import guided, settled
from imaging.raster import WHITE, Bytes2, Floats, resize, shares, to_bytes

_BAND_SHARE = 0.0035
_REACH = 3
_EPSILON = 1e-5
_SPREAD_WEIGHT, _NOISE = 6.0, 2e-3
_ENOUGH = 0.05


def softened(rgb: Bytes2, mask: Bytes2) -> Bytes2:
    """The matte (height, width) for a picture (height, width, 3) and a mask of any smaller size.

    Only a band of 0.4 % of the long side on either side of the contour is soft. There, alpha is where a pixel lies
    between the mean colours of the sure inside and the sure outside near by; as far as those colours differ more
    than they vary, and as the mask says otherwise.
    """
    size = rgb.shape[1], rgb.shape[0]
    fine = resize(mask, size)
    radius = max(round(max(size) * _BAND_SHARE), 2)
    inside, outside = _sure(fine, radius)
    picture = shares(rgb)
    alpha, trust = _between(picture, inside, outside, radius * _REACH)
    guess = shares(fine) * (1 - trust) + alpha * trust
    soft = guided(picture, _pinned(guess, inside, outside), max(radius // 2, 1), _EPSILON)
    return to_bytes(_pinned(settled(soft), inside, outside))


def _sure(fine: Bytes2, radius: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    hard = cv2.compare(fine, WHITE // 2, cv2.CMP_GT)
    return cv2.erode(hard, kernel) > 0, cv2.dilate(hard, kernel) == 0


def _pinned(alpha: Floats, inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(inside, 1, np.where(outside, 0, alpha)), np.float32)


def _between(
    picture: Floats, inside: NDArray[np.bool_], outside: NDArray[np.bool_], reach: int
) -> tuple[Floats, Floats]:
    """Alpha by projection on the line between both sides' colours, and how far it can be trusted; in [0, 1]."""
    front, front_spread, front_share = _colours_near(picture, inside, reach)
    back, back_spread, back_share = _colours_near(picture, outside, reach)
    line = front - back
    length = np.einsum("ijk,ijk->ij", line, line)
    alpha = np.clip(np.einsum("ijk,ijk->ij", picture - back, line) / (length + 1e-6), 0, 1)
    trust = length / (length + _SPREAD_WEIGHT * (front_spread + back_spread) + _NOISE)
    enough = np.minimum(front_share, _ENOUGH) * np.minimum(back_share, _ENOUGH) / _ENOUGH**2
    return np.asarray(alpha, np.float32), np.asarray(trust * enough, np.float32)


def _colours_near(picture: Floats, where: NDArray[np.bool_], reach: int) -> tuple[Floats, Floats, Floats]:
    """Mean colour, variance and share of the chosen pixels around each pixel, found at half the size."""
    half = (picture.shape[1] + 1) // 2, (picture.shape[0] + 1) // 2
    weight = resize(where.astype(np.float32), half)[..., None]
    small = resize(picture, half)
    side = (reach | 1, reach | 1)
    total = cv2.blur(np.dstack([small * weight, np.square(small).sum(axis=-1, keepdims=True) * weight, weight]), side)
    share = total[..., 4:]
    mean = total[..., :3] / (share + 1e-6)
    spread = np.maximum(total[..., 3] / (share[..., 0] + 1e-6) - np.square(mean).sum(axis=-1), 0)
    near = cv2.resize(np.dstack([mean, spread]), (picture.shape[1], picture.shape[0]))
    return near[..., :3], near[..., 3], resize(share[..., 0], (picture.shape[1], picture.shape[0]))
