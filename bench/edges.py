"""How clean the edge colours are: ΔE against the true composite, beside plain alpha: `python -m bench.edges EVAL_DIR`.

The true foreground of each photo is its own opaque colours, carried outwards under the soft edge; it is composed over
several backgrounds with the reference matte, cleaned, and composed on black and on white.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import cv2
import numpy as np

from imaging.edges import clean

SIDE = 900
BACKGROUNDS = {"green": (60, 160, 70), "grey": (128, 128, 128), "white": (245, 245, 245), "blue": (40, 60, 150)}
ON = {"black": 0.0, "white": 255.0}
SOFT = 0.02, 0.98


def shrunk(picture: np.ndarray) -> np.ndarray:
    scale = min(1.0, SIDE / max(picture.shape[:2]))
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def photos(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, RGB (h, w, 3) and matte (h, w), both uint8."""
    for place in sorted((folder / "dev").iterdir()):
        matte = cv2.imread(str(place / "alpha.png"), cv2.IMREAD_GRAYSCALE)
        picture = cv2.imread(str(next(place.glob("input.*"))), cv2.IMREAD_COLOR)
        yield place.name, shrunk(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)), shrunk(matte)


def true_foreground(rgb: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Every pixel has the colour of the nearest opaque one."""
    opaque = (cv2.erode(matte, np.ones((3, 3), np.uint8)) > 250).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(1 - opaque, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((labels.max() + 1, 3), np.uint8)
    colours[labels[opaque > 0]] = rgb[opaque > 0]
    return np.where(opaque[..., None] > 0, rgb, cv2.GaussianBlur(colours[labels], (0, 0), 1.5)).astype(np.float32)


def lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor((np.clip(rgb, 0, 255) / 255).astype(np.float32), cv2.COLOR_RGB2LAB)


def difference(front: np.ndarray, other: np.ndarray, alpha: np.ndarray, ground: float, band: np.ndarray) -> float:
    """Mean CIE76 ΔE in the band between two foregrounds composed with the same matte."""
    first, second = (lab(alpha * layer + (1 - alpha) * ground) for layer in (front, other))
    return float(np.linalg.norm(first - second, axis=-1)[band].mean())


def rows(folder: Path) -> Iterator[tuple[str, str, float, float]]:
    """Background, ground, ΔE of plain alpha, ΔE after cleaning."""
    for _, rgb, matte in photos(folder):
        alpha = matte[..., None].astype(np.float32) / 255
        band = (alpha[..., 0] > SOFT[0]) & (alpha[..., 0] < SOFT[1])
        if band.sum() < 100 or (matte > 250).sum() < 100:
            continue
        front = true_foreground(rgb, matte)
        for name, colour in BACKGROUNDS.items():
            composed = np.rint(alpha * front + (1 - alpha) * np.float32(colour)).astype(np.uint8)
            cleaned = clean(composed, matte).astype(np.float32)
            for ground, value in ON.items():
                plain = difference(composed.astype(np.float32), front, alpha, value, band)
                yield name, ground, plain, difference(cleaned, front, alpha, value, band)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("eval", type=Path)
    measured = list(rows(parser.parse_args().eval))
    print(f"{'old background':<16}{'composed on':<13}{'plain alpha':>12}{'cleaned':>10}{'times better':>14}")
    for name in BACKGROUNDS:
        for ground in ON:
            pairs = [row[2:] for row in measured if row[:2] == (name, ground)]
            plain, cleaned = mean(pair[0] for pair in pairs), mean(pair[1] for pair in pairs)
            print(f"{name:<16}{ground:<13}{plain:>12.2f}{cleaned:>10.2f}{plain / cleaned:>14.1f}")
    plain, cleaned = mean(row[2] for row in measured), mean(row[3] for row in measured)
    print(f"{'all':<29}{plain:>12.2f}{cleaned:>10.2f}{plain / cleaned:>14.1f}   asked: 3")


if __name__ == "__main__":
    main()
