"""Products: an object of the library in other colours, with a print, a label and light, as it lies in the frame."""

from __future__ import annotations

import cv2
import numpy as np

from training.canvas import SIDE, Picture, Rng, chance, gamma, grid, one_of, shifted, sometimes
from training.library import Library

KINDS = {"render": 0.62, "stamp": 0.27, "emoji": 0.11}
"""How often an object is of each kind."""


def product(rng: Rng, library: Library) -> Picture:
    """A recoloured object, BGRA float32 (h, w, 4) from 0 to 1, not premultiplied."""
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    picture = one_of(rng, one_of(rng, library.objects[kind]))
    return recoloured(rng, picture, library.textures)


def recoloured(rng: Rng, picture: Picture, textures: list[Picture]) -> Picture:
    alpha = picture[..., 3:].astype(np.float32) / 255
    colour = sometimes(rng, 0.5, _tinted, picture[..., :3]).astype(np.float32) / 255
    colour = sometimes(rng, 0.5, _contrasted, colour)
    colour = sometimes(rng, 0.35, _faded, colour)
    if textures:
        colour = sometimes(rng, 0.3, _printed, colour, textures)
    colour = sometimes(rng, 0.4, _lit, colour)
    colour = sometimes(rng, 0.2, _labelled, colour)
    alpha = sometimes(rng, 0.03, _sheer, alpha)
    return np.dstack([np.clip(colour, 0, 1), alpha]).astype(np.float32)


def _tinted(rng: Rng, colour: Picture) -> Picture:
    """BGR uint8."""
    hue = rng.uniform(0, 180) if chance(rng, 0.6) else 0.0
    gain = rng.uniform(0, 1.6)
    return shifted(np.ascontiguousarray(colour), hue, gain, rng.uniform(0, 90) if chance(rng, 0.3) else 0.0)


def _contrasted(rng: Rng, colour: Picture) -> Picture:
    return gamma(colour, rng.uniform(0.45, 2.2), 1)


def _faded(rng: Rng, colour: Picture) -> Picture:
    return colour * rng.uniform(0.4, 1) + rng.uniform(0, 0.5) * rng.random()


def _sheer(rng: Rng, alpha: Picture) -> Picture:
    return alpha * np.float32(rng.uniform(0.35, 0.8))


def _printed(rng: Rng, colour: Picture, textures: list[Picture]) -> Picture:
    """A print or a fabric, all over or in an ellipse, shaded as the object is."""
    height, width = colour.shape[:2]
    pattern = _tiled(one_of(rng, textures), rng.uniform(0.5, 1.5), height, width)
    share: float | Picture = rng.uniform(0.2, 0.9)
    if chance(rng, 0.5):
        share = share * _ellipse(rng, height, width)[..., None]
    light = colour.mean(-1, keepdims=True)
    return colour * (1 - share) + share * pattern * (0.3 + light)


def _tiled(texture: Picture, scale: float, height: int, width: int) -> Picture:
    """The texture, scale times the size of the object, repeated over (height, width, 3)."""
    tile = cv2.resize(texture, (max(int(width * scale), 8), max(int(height * scale), 8)))
    times = int(np.ceil(height / tile.shape[0])), int(np.ceil(width / tile.shape[1])), 1
    return np.tile(tile, times)[:height, :width].astype(np.float32) / 255


def _ellipse(rng: Rng, height: int, width: int) -> Picture:
    """A filled ellipse of ones, (height, width)."""
    mask = np.zeros((height, width), np.float32)
    centre = int(rng.uniform(0.2, 0.8) * width), int(rng.uniform(0.2, 0.8) * height)
    axes = max(int(rng.uniform(0.1, 0.4) * width), 1), max(int(rng.uniform(0.1, 0.3) * height), 1)
    return cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 1, -1)


def _lit(rng: Rng, colour: Picture) -> Picture:
    """Brighter towards one side."""
    down, across = grid(*colour.shape[:2])
    angle = rng.uniform(0, 2 * np.pi)
    slope = across * np.cos(angle) + down * np.sin(angle)
    return colour * (1 + rng.uniform(0.1, 0.5) * slope)[..., None]


def _labelled(rng: Rng, colour: Picture) -> Picture:
    """A rectangle of one colour with three words in it."""
    height, width = colour.shape[:2]
    top, left = int(rng.uniform(0.2, 0.6) * height), int(rng.uniform(0.1, 0.6) * width)
    bottom = top + int(rng.uniform(0.1, 0.35) * height) + 1
    right = left + int(rng.uniform(0.15, 0.5) * width) + 1
    colour = colour.copy()
    colour[top:bottom, left:right] = rng.random(3)
    drawn = np.ascontiguousarray((np.clip(colour, 0, 1) * 255).astype(np.uint8))
    for _ in range(3):
        word = "".join(chr(ord("A") + letter) for letter in rng.integers(0, 26, 5))
        ink = [int(value) for value in rng.integers(0, 256, 3)]
        place = left, int(rng.uniform(top, bottom))
        cv2.putText(drawn, word, place, cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.25, 0.8), ink, 1)
    return drawn.astype(np.float32) / 255


def placed(rng: Rng, thing: Picture, across: float, down: float, size: float) -> Picture:
    """The thing turned, stretched and mirrored in the frame: premultiplied BGRA float32 (SIDE, SIDE, 4), 0 to 1.

    Centre and size are shares of the frame; most things stand nearly upright, a quarter is turned anyhow.
    """
    height, width = thing.shape[:2]
    turn = rng.normal(0, 9) if chance(rng, 0.75) else rng.uniform(-180, 180)
    scale = size * SIDE / max(height, width)
    stretch = np.exp(rng.normal(0, 0.12))
    mirror = -1 if chance(rng, 0.5) else 1
    matrix = _rotation(np.radians(turn)) @ np.diag([scale * stretch * mirror, scale / stretch])
    shift = np.array([across * SIDE, down * SIDE]) - matrix @ np.array([width / 2, height / 2])
    layer = _smoothed(thing, scale).copy()
    layer[..., :3] *= layer[..., 3:]
    return cv2.warpAffine(layer, np.hstack([matrix, shift[:, None]]), (SIDE, SIDE), flags=cv2.INTER_LINEAR)


def _rotation(angle: float) -> Picture:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _smoothed(thing: Picture, scale: float) -> Picture:
    """Blurred before it is made small, against jagged edges."""
    kernel = int(0.5 / scale) * 2 + 1 if scale < 0.6 else 1
    return cv2.blur(thing, (kernel, kernel)) if kernel > 1 else thing
