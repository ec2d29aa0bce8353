"""What a product stands before: white, a colour, a gradient, a picture. And the shadow that it throws there."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from domain import Background, BackgroundKind, Raster
from errors import BackgroundMissing
from imaging.geometry import Size
from imaging.raster import WHITE, Bytes2, Floats, flatten, resize, shares

_REACH = 0.12
"""Share of the product's height from which something of it is near the ground."""
_LAYERS: Final = ((0.24, 0.04, 0.03), (0.35, 0.012, 0.009))
"""Darkness, and softness across and down as shares of the product's size: a wide shadow and the line of contact."""
_FAINT = 0.02
_WHOLE = math.sqrt(2 * math.log(1 / _FAINT))
"""Where a bell falls below what is faint, in deviations."""


def backdrop(size: Size, background: Background, picture: Raster | None) -> Bytes2:
    """RGB (height, width, 3); raises `BackgroundMissing` when there is no picture and one was asked for."""
    if background.kind is BackgroundKind.PICTURE:
        if picture is None:
            raise BackgroundMissing
        return _covering(size, flatten(picture))
    if background.kind is BackgroundKind.GRADIENT:
        return _gradient(size, _rgb(background.colour), _rgb(background.second))
    colour = (WHITE,) * 3 if background.kind is BackgroundKind.WHITE else _rgb(background.colour)
    return np.full((size[1], size[0], 3), colour, np.uint8)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def _gradient(size: Size, top: tuple[int, ...], bottom: tuple[int, ...]) -> Bytes2:
    rows = np.rint(np.linspace(top, bottom, size[1])).astype(np.uint8)
    return np.repeat(rows[:, None], size[0], axis=1)


def _covering(size: Size, picture: Bytes2) -> Bytes2:
    """The middle of a picture, as much of it as the canvas has the shape for."""
    height, width = picture.shape[:2]
    scale = min(width / size[0], height / size[1])
    across, down = max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
    left, top = (width - across) // 2, (height - down) // 2
    middle = np.ascontiguousarray(picture[top : top + down, left : left + across])
    return resize(middle, size).copy()


def shade(ground: Bytes2, matte: Bytes2, box: tuple[int, int, int, int]) -> None:
    """Darken the ground, in place, where the product in `box` (left, top, width, height) stands on it."""
    _, top, width, height = box
    bottom = top + height
    near = _near_ground(matte[bottom - max(round(height * _REACH), 1) : bottom])
    for darkness, across, down in _LAYERS:
        unit = (width + height) / 2
        profile = _blurred(near, max(across * unit, 0.5))
        deviation = max(min(down * unit, (len(ground) - bottom) / _WHOLE), 0.5)
        _darken(ground, darkness * profile, bottom, deviation)


def _near_ground(foot: Bytes2) -> Floats:
    """(1, width): how much of the product comes near the ground in each column."""
    nearness = np.linspace(0, 1, len(foot) + 1, dtype=np.float32)[1:, None]
    return np.asarray((shares(foot) * nearness).max(axis=0, keepdims=True))


def _blurred(row: Floats, deviation: float) -> Floats:
    width = 2 * math.ceil(3 * deviation) + 1
    return np.asarray(cv2.GaussianBlur(row, (width, 1), deviation, borderType=cv2.BORDER_CONSTANT))


def _darken(ground: Bytes2, profile: Floats, bottom: int, deviation: float) -> None:
    """A bell down the rows, cut off where it is faint, so that the rest of the ground stays exactly as it is."""
    reach = math.ceil(deviation * _WHOLE)
    rows = slice(max(bottom - reach, 0), min(bottom + reach, len(ground)))
    away = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5 - bottom) / deviation
    bell = np.maximum(np.exp(-(away**2) / 2) - _FAINT, 0) / (1 - _FAINT)
    light = 1 - bell[:, None] * np.maximum(profile - _FAINT * profile.max(), 0)
    ground[rows] = np.rint(ground[rows] * light[..., None])
