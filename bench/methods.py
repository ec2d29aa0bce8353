"""The embedded engine and what it is compared with, each from a photo to alpha (height, width), bytes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from domain import OutputKind, Photo, ProviderOutput
from imaging import make_cutout, matte_of, object_mask
from imaging.geometry import bounded_geometry
from imaging.raster import flatten, resize, view

GRABCUT_MEGAPIXELS = (
    0.15  # at 1.2 megapixels a smooth photo takes it half a minute of processor time, and is cut no better
)


def engine(photo: Photo) -> np.ndarray:
    """Mask and cutout, as a run makes them."""
    output = ProviderOutput(object_mask(photo.pixels), OutputKind.MASK)
    cutout = make_cutout(photo, output, bounded_geometry(photo.pixels.size, max(photo.pixels.size)))
    return view(matte_of(cutout))


def corner_threshold(photo: Photo) -> np.ndarray:
    """Flood fill from the corners, as the shortest scripts do."""
    rgb = flatten(photo.pixels).copy()  # what is flooded is written to
    height, width = rgb.shape[:2]
    flooded = np.zeros((height + 2, width + 2), np.uint8)
    for corner in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        if not flooded[corner[1] + 1, corner[0] + 1]:
            flags = 8 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (255 << 8)
            cv2.floodFill(rgb, flooded, corner, 0, (24,) * 3, (24,) * 3, flags)
    return 255 - flooded[1:-1, 1:-1]


def grabcut_rectangle(photo: Photo) -> np.ndarray:
    """A box 5 % inside the frame, five rounds, found at 0.15 megapixels and brought back."""
    rgb = resize(flatten(photo.pixels), _at_most(photo.pixels.size, GRABCUT_MEGAPIXELS))
    height, width = rgb.shape[:2]
    labels = np.zeros((height, width), np.uint8)
    inset = int(width * 0.05), int(height * 0.05), int(width * 0.9), int(height * 0.9)
    cv2.setRNGSeed(1)
    cv2.grabCut(rgb, labels, inset, None, None, 5, cv2.GC_INIT_WITH_RECT)
    return resize(((labels & 1) * 255).astype(np.uint8), photo.pixels.size)


def published(folder: Path, name: str, size: tuple[int, int]) -> np.ndarray | None:
    """rembg's own output for the photo, `folder/NAME.png`: a cutout or a matte; None where there is none."""
    path = folder / f"{name}.png"
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.exists() else None
    if picture is None:
        return None
    matte = picture if picture.ndim == 2 else picture[..., 3] if picture.shape[2] == 4 else picture[..., 0]
    return resize(np.ascontiguousarray(matte), size)


def _at_most(size: tuple[int, int], megapixels: float) -> tuple[int, int]:
    scale = min(1.0, (megapixels * 1e6 / (size[0] * size[1])) ** 0.5)
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
