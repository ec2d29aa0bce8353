"""Composites to train with: product photos as sellers take them, with their true mattes, each made from a seed.

A sheet of them to look at: `python -m training.composites ASSETS SHEET.png`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from training.backgrounds import Ground, background
from training.canvas import SIDE, Picture, Rng, blurred, chance, gamma, grid, over, sometimes
from training.library import Library, read, shelved
from training.objects import placed, product
from training.shadows import mirrored, shaded

TOO_SMALL = 120
"""Pixels a thing must cover to count as seen."""


def composite(library: Library, seed: int) -> tuple[Picture, Picture]:
    """Photo, RGB uint8 (SIDE, SIDE, 3), and matte, float32 (SIDE, SIDE) from 0 to 1."""
    rng = np.random.default_rng(seed)
    first = product(rng, library)
    canvas, ground = _behind(rng, library, first)
    alpha = np.zeros((SIDE, SIDE), np.float32)
    spots, same = _spots(rng), chance(rng, 0.5)
    for number, spot in enumerate(spots):
        thing = first if number == 0 or same else product(rng, library)
        layer = placed(rng, thing, *spot)
        if layer[..., 3].sum() >= TOO_SMALL:
            canvas = _standing(rng, canvas, layer, ground)
            alpha = np.maximum(alpha, layer[..., 3])
    return _photographed(rng, canvas), np.clip(alpha, 0, 1)


def _behind(rng: Rng, library: Library, thing: Picture) -> tuple[Picture, Ground]:
    """A background with other things in it, perhaps out of focus."""
    canvas, ground = background(rng, library, thing)
    if chance(rng, 0.06 if ground is Ground.STUDIO else 0.75):
        canvas = _cluttered(rng, canvas, library)
    if ground in (Ground.PHOTO, Ground.ROOM) and chance(rng, 0.4):
        canvas = blurred(canvas, rng.uniform(0.6, 5))
    return np.float32(canvas), ground


def _cluttered(rng: Rng, canvas: Picture, library: Library) -> Picture:
    """Other things: small, at the sides, cut by the frame, out of focus."""
    for _ in range(rng.integers(1, 7)):
        thing = product(rng, library)
        layer = placed(rng, thing, *_aside(rng))
        canvas = sometimes(rng, 0.5, shaded, canvas, layer[..., 3], Ground.ROOM)
        canvas = over(canvas, layer)
        if chance(rng, 0.25):
            canvas = blurred(canvas, rng.uniform(0.4, 1.5))
    return canvas


def _aside(rng: Rng) -> tuple[float, float, float]:
    """Centre and size as shares of the frame: near its border, or small somewhere above."""
    if chance(rng, 0.7):
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.42, 0.75)
        return 0.5 + far * np.cos(angle), 0.5 + far * np.sin(angle) * 0.9, rng.uniform(0.15, 0.6)
    return rng.uniform(0, 1), rng.uniform(0, 0.6), rng.uniform(0.08, 0.3)


def _spots(rng: Rng) -> list[tuple[float, float, float]]:
    """Centres and sizes of one, two or three products, as shares of the frame."""
    draw = rng.random()
    if draw < 0.84:
        return [_one(rng)]
    return _two(rng) if draw < 0.95 else _three(rng)


def _one(rng: Rng) -> tuple[float, float, float]:
    """Small, filling the frame or beyond it; smaller ones lie further off the middle; some are cut below."""
    size = rng.choice([rng.uniform(0.3, 0.6), rng.uniform(0.55, 0.95), rng.uniform(0.8, 1.25)], p=[0.25, 0.6, 0.15])
    off = 0.04 + 0.16 * max(0, 1 - size)
    across, down = 0.5 + rng.normal(0, off), 0.5 + rng.normal(0, off)
    return across, down + (rng.uniform(0.1, 0.35) if chance(rng, 0.12) else 0), size


def _two(rng: Rng) -> list[tuple[float, float, float]]:
    size = rng.uniform(0.35, 0.6)
    apart = size * rng.uniform(0.55, 0.8) / 1.2
    down = 0.5 + rng.normal(0, 0.05)
    return [
        (0.5 - apart / 2, down + rng.normal(0, 0.03), size),
        (0.5 + apart / 2, down + rng.normal(0, 0.03), size * rng.uniform(0.8, 1.1)),
    ]


def _three(rng: Rng) -> list[tuple[float, float, float]]:
    size = rng.uniform(0.3, 0.42)
    apart = size * rng.uniform(0.6, 0.9)
    return [
        (0.5 - apart, 0.5 + rng.normal(0, 0.04), size),
        (0.5 + apart, 0.5 + rng.normal(0, 0.04), size),
        (0.5, 0.5 + rng.normal(0, 0.06), size * 1.1),
    ]


def _standing(rng: Rng, canvas: Picture, layer: Picture, ground: Ground) -> Picture:
    """The thing on the canvas with its shadow and, on studio paper, perhaps its reflection."""
    canvas = sometimes(rng, 0.35 if ground is Ground.PHOTO else 0.75, shaded, canvas, layer[..., 3], ground)
    if ground is Ground.STUDIO:
        canvas = sometimes(rng, 0.12, mirrored, canvas, layer)
    return over(canvas, layer)


def _photographed(rng: Rng, canvas: Picture) -> Picture:
    """What a camera and a shop's JPEG do to the scene: RGB uint8."""
    picture = np.float32(np.clip(canvas, 0, 255))
    picture = sometimes(rng, 0.12, _vignetted, picture)
    if chance(rng, 0.3):
        picture = picture * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    if chance(rng, 0.3):
        picture = gamma(picture, rng.uniform(0.7, 1.4), 255)
    if chance(rng, 0.3):
        picture = blurred(picture, rng.uniform(0.3, 1.1))
    if chance(rng, 0.5):
        picture = picture + rng.normal(0, rng.uniform(1, 9), picture.shape)
    picture = sometimes(rng, 0.5, _compressed, np.clip(picture, 0, 255).astype(np.uint8))
    return picture[..., ::-1].copy()


def _vignetted(rng: Rng, picture: Picture) -> Picture:
    down, across = grid()
    return picture * np.float32(1 - rng.uniform(0.1, 0.5) * np.hypot(across, down) ** 2 / 2)[..., None]


def _compressed(rng: Rng, picture: Picture) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def sheet(library: Library, rows: int = 10, columns: int = 6, side: int = 150) -> Picture:
    """Photos beside their mattes, RGB uint8."""
    tiles = []
    for seed in range(rows * columns):
        photo, matte = composite(library, seed)
        grey = np.dstack([(matte * 255).astype(np.uint8)] * 3)
        tiles.append(cv2.resize(np.hstack([photo, grey]), (2 * side, side)))
    return np.vstack([np.hstack(tiles[at : at + columns]) for at in range(0, len(tiles), columns)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assets", type=Path)
    parser.add_argument("sheet", type=Path)
    args = parser.parse_args()
    cv2.imwrite(str(args.sheet), sheet(shelved(read(args.assets)))[..., ::-1])


if __name__ == "__main__":
    main()
