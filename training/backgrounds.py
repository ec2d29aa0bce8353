"""What stands behind a product: studio paper, a photo, a surface seen from above, a room. BGR floats, 0 to 255."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np

from training.canvas import SIDE, Picture, Rng, blurred, chance, gamma, grid, one_of, shifted, sometimes
from training.library import Library


class Ground(StrEnum):
    STUDIO = "studio"
    PHOTO = "photo"
    FLAT = "flat"
    ROOM = "room"


SHARES = {
    Ground.STUDIO: 0.37,
    Ground.PHOTO: 0.30,
    Ground.FLAT: 0.13,
    Ground.ROOM: 0.20,
}
"""How often each is drawn."""
LIKE_PRODUCT = 7 / 37
"""Share of the studios whose paper has about the product's colour: the hard case."""


def background(rng: Rng, library: Library, product: Picture) -> tuple[Picture, Ground]:
    """(SIDE, SIDE, 3) and what it is; the product is BGRA, 0 to 1."""
    ground = Ground(rng.choice(list(SHARES), p=list(SHARES.values())))
    match ground:
        case Ground.STUDIO:
            return studio(rng, _near(rng, product) if chance(rng, LIKE_PRODUCT) else _paper(rng)), ground
        case Ground.PHOTO:
            return _toned(rng, _cropped(rng, one_of(rng, library.photos), 0.25)), ground
        case Ground.FLAT:
            return _surface(rng, library), ground
        case Ground.ROOM:
            return _room(rng, library), ground


def _near(rng: Rng, product: Picture) -> Picture:
    """The product's mean colour, a little off."""
    opaque = product[..., 3] > 0.5
    mean = product[..., :3][opaque].mean(0) * 255 if opaque.any() else np.full(3, 128.0)
    return np.clip(mean + rng.normal(0, 14, 3), 0, 255)


def _paper(rng: Rng) -> Picture:
    """White, grey or black with a tinge, or a colour: BGR (3,)."""
    draw = rng.random()
    if draw < 0.35:
        colour = rng.uniform(215, 256) + rng.normal(0, 4, 3)
    elif draw < 0.55:
        colour = rng.uniform(90, 215) + rng.normal(0, 6, 3)
    elif draw < 0.65:
        colour = rng.uniform(5, 70) + rng.normal(0, 4, 3)
    else:
        hsv = np.uint8([[[rng.integers(0, 180), rng.integers(20, 230), rng.integers(60, 256)]]])
        colour = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0].astype(float)
    return np.clip(colour, 0, 255)


def studio(rng: Rng, colour: Picture) -> Picture:
    """Paper of one colour with falling light, and perhaps another floor."""
    picture = np.ones((SIDE, SIDE, 3)) * colour
    picture = sometimes(rng, 0.6, _falling_light, picture, colour)
    picture = sometimes(rng, 0.3, _floored, picture, colour)
    return np.clip(picture, 0, 255)


def _falling_light(rng: Rng, picture: Picture, colour: Picture) -> Picture:
    """From one side or around a point: brighter, or into another colour."""
    down, across = grid()
    angle = rng.uniform(0, 2 * np.pi)
    slope = across * np.cos(angle) + down * np.sin(angle)
    if chance(rng, 0.5):
        slope = -np.hypot(across - rng.normal(0, 0.4), down - rng.normal(0, 0.4))
    if chance(rng, 0.5):
        return picture * (1 + rng.uniform(0.03, 0.3) * slope[..., None])
    share = np.clip((slope + 1.2) / 2.4, 0, 1)[..., None]
    other = _paper(rng) if chance(rng, 0.4) else np.clip(colour * rng.uniform(0.6, 1.3), 0, 255)
    return picture * (1 - share) + share * other


def _floored(rng: Rng, picture: Picture, colour: Picture) -> Picture:
    """A line or a soft bend between wall and floor."""
    line = rng.uniform(0.45, 0.9) * SIDE
    share = 1 / (1 + np.exp(-(np.arange(SIDE) - line) / rng.choice([1, 6, 25])))[:, None, None]
    floor = colour * rng.uniform(0.65, 1.15) + rng.normal(0, 5, 3)
    if chance(rng, 0.4):
        floor = _paper(rng)
    return picture * (1 - share) + share * np.clip(floor, 0, 255)


def _cropped(rng: Rng, picture: Picture, smallest: float) -> Picture:
    """A part of the picture, mirrored in half of the cases, as (SIDE, SIDE, 3)."""
    height, width = picture.shape[:2]
    side, stretch = rng.uniform(smallest, 1) * min(height, width), np.exp(rng.normal(0, 0.15))
    tall, wide = int(min(side * stretch, height)), int(min(side / stretch, width))
    top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    part = picture[top : top + tall, left : left + wide]
    if chance(rng, 0.5):
        part = part[:, ::-1]
    return cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def _toned(rng: Rng, picture: Picture) -> Picture:
    """Other contrast, colour of light, hue."""
    if chance(rng, 0.6):
        picture = gamma(picture, rng.uniform(0.6, 1.7), 255)
    if chance(rng, 0.4):
        picture = picture * rng.uniform(0.75, 1.2, 3)
    if chance(rng, 0.3):
        picture = shifted(np.clip(picture, 0, 255).astype(np.uint8), rng.uniform(0, 180), rng.uniform(0.2, 1))
    return picture.astype(np.float32)


def _surface(rng: Rng, library: Library) -> Picture:
    """A texture, or a piece of a photo, once or as a pattern."""
    photo = chance(rng, 0.4) and library.photos
    source = one_of(rng, library.photos if photo else library.textures)
    return sometimes(rng, 0.4, _patterned, _toned(rng, _cropped(rng, source, 0.3)))


def _patterned(rng: Rng, picture: Picture) -> Picture:
    times = int(rng.integers(2, 4))
    tile = cv2.resize(picture, (SIDE // times + 1, SIDE // times + 1), interpolation=cv2.INTER_AREA)
    return np.tile(tile, (times, times, 1))[:SIDE, :SIDE]


def _room(rng: Rng, library: Library) -> Picture:
    """A wall above a floor that runs away from the viewer."""
    room = studio(rng, _paper(rng)) if chance(rng, 0.6) else _surface(rng, library)
    line = int(rng.uniform(0.3, 0.8) * SIDE)
    ground = _surface(rng, library) if chance(rng, 0.8) else studio(rng, _paper(rng))
    room = room.copy()
    room[line:] = _laid_down(rng, ground, line)[line:]
    return blurred(room, rng.uniform(0.5, 2)) if chance(rng, 0.4) else room


def _laid_down(rng: Rng, picture: Picture, line: int) -> Picture:
    """In perspective below the line."""
    spread = rng.uniform(0.2, 1)
    far, near = SIDE * spread * 0.2, SIDE * spread
    corners = np.float32([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]])
    seen = np.float32([[-far, line], [SIDE + far, line], [SIDE + near, SIDE * 1.3], [-near, SIDE * 1.3]])
    matrix = cv2.getPerspectiveTransform(corners, seen)
    return cv2.warpPerspective(picture, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
