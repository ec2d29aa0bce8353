"""What every step of a composite shares: its size, chance, and small operations on pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import cv2
import numpy as np

Picture: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Rng: TypeAlias = np.random.Generator
P = ParamSpec("P")
T = TypeVar("T")

SIDE = 192
"""Pixels of a composite's side, and of what the network looks at."""


def chance(rng: Rng, share: float) -> bool:
    return bool(rng.random() < share)


def sometimes(
    rng: Rng, share: float, change: Callable[Concatenate[Rng, Picture, P], Picture], picture: Picture, *rest: P.args
) -> Picture:
    """The picture changed in this share of the cases."""
    return change(rng, picture, *rest) if chance(rng, share) else picture


def one_of(rng: Rng, things: list[T]) -> T:
    return things[rng.integers(len(things))]


def grid(height: int = SIDE, width: int = SIDE) -> tuple[Picture, Picture]:
    """y and x of every pixel, (height, width) each, from -1 to 1."""
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return down, across


def blurred(picture: Picture, sigma: float) -> Picture:
    return cv2.GaussianBlur(np.float32(picture), (0, 0), sigma)


def gamma(picture: Picture, exponent: float, white: float) -> Picture:
    """A curve through black and white."""
    return white * np.clip(picture / white, 0, 1) ** exponent


def shifted(picture: Picture, hue: float, gain: float, lift: float = 0.0) -> Picture:
    """Another hue (0 to 180 is once around) and saturation; BGR uint8 in and out."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + hue) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * gain + lift, 0, 255)
    return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR)


def over(canvas: Picture, layer: Picture) -> Picture:
    """The layer (premultiplied BGRA, 0 to 1) on the canvas (BGR, 0 to 255)."""
    return canvas * (1 - layer[..., 3:]) + layer[..., :3] * 255
