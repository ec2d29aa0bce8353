"""Shadows and reflections of a thing on what it stands on."""

from __future__ import annotations

import cv2
import numpy as np

from training.backgrounds import Ground
from training.canvas import SIDE, Picture, Rng, blurred, chance


def shaded(rng: Rng, canvas: Picture, alpha: Picture, ground: Ground) -> Picture:
    """The canvas darker by one or two shadows of the thing, whose alpha is (SIDE, SIDE)."""
    light = np.ones((SIDE, SIDE), np.float32)
    for _ in range(rng.integers(1, 3)):
        soft = rng.choice([rng.uniform(1, 4), rng.uniform(3, 14)])
        across, down = rng.normal(0, 10), rng.uniform(-2, 14)
        lies = ground is not Ground.FLAT and chance(rng, 0.6)
        matrix = _lying(rng, alpha, across) if lies else np.float32([[1, 0, across], [0, 1, down]])
        shape = cv2.warpAffine(alpha, matrix, (SIDE, SIDE))
        light *= 1 - rng.uniform(0.1, 0.65) * blurred(shape, soft)
    return canvas * light[..., None]


def _lying(rng: Rng, alpha: Picture, across: float) -> Picture:
    """Squashed and leaning around the thing's foot, as on a floor."""
    foot = lowest(alpha, 0.3)
    height, lean = rng.uniform(0.08, 0.5), rng.normal(0, 0.5)
    return np.float32(
        [
            [1, lean * height, across - lean * height * foot],
            [0, height, foot * (1 - height) + rng.uniform(-2, 3)],
        ]
    )


def lowest(alpha: Picture, above: float) -> int:
    """The lowest row that shows the thing, or the last."""
    rows = np.flatnonzero(alpha.max(1) > above)
    return int(rows.max()) if len(rows) else SIDE - 1


def mirrored(rng: Rng, canvas: Picture, layer: Picture) -> Picture:
    """A glossy floor: the layer upside down below its foot, fading out."""
    foot = lowest(layer[..., 3], 0.5)
    image = np.roll(layer[::-1], 2 * foot - SIDE + 2, 0)
    image[:foot] = 0
    fade = np.clip(1 - (np.arange(SIDE) - foot) / rng.uniform(20, 90), 0, 1)[:, None, None] * rng.uniform(0.1, 0.4)
    return canvas * (1 - image[..., 3:] * fade) + image[..., :3] * 255 * fade
