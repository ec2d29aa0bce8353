"""Which parts of a picture hang together with its frame, decided on a few hundred patches of even colour.

Sources: Achanta et al., "SLIC Superpixels" (PAMI 2012), section 3; Zhu, Liang, Wei, Sun, "Saliency Optimization from
Robust Background Detection" (CVPR 2014), equations 1 to 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.raster import Bytes2, Floats, shares

_PATCHES = 260
_ROUNDS = 4
_COMPACTNESS = 12.0
_COLOUR_RANGE = 10.0
_REACH = 0.25
_SMALL = 0.1

Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Patches:
    """`labels` (height, width) numbers the patches; colours in Lab, places in shares of the long side."""

    labels: Labels
    colours: Floats
    places: Floats
    sizes: Floats


def background_saliency(rgb: Bytes2) -> Floats:
    """How much each pixel of a picture of about 200 px stands out from what touches the frame, in [0, 1]."""
    lab = np.asarray(cv2.cvtColor(shares(rgb), cv2.COLOR_RGB2Lab))
    patches = patches_of(lab)
    saliency = _optimised(patches)
    low, high = float(saliency.min()), float(saliency.max())
    return np.asarray(((saliency - low) / max(high - low, 1e-6))[patches.labels], np.float32)


def patches_of(lab: Floats) -> Patches:
    """k-means in colour and place, each pixel choosing among the nine patches around it."""
    height, width = lab.shape[:2]
    step = max((height * width / _PATCHES) ** 0.5, 2.0)
    rows, columns = max(round(height / step), 1), max(round(width / step), 1)
    home = _home(height, width, rows, columns)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    pixels = np.dstack([lab, x * (_COMPACTNESS / step), y * (_COMPACTNESS / step)]).reshape(-1, 5)
    labels = home.reshape(-1)
    for _ in range(_ROUNDS):
        labels = _nearest(pixels, _means(pixels, labels, rows * columns), home.reshape(-1), rows, columns)
    return _described(labels, lab, rows * columns)


def _home(height: int, width: int, rows: int, columns: int) -> Labels:
    across = np.arange(width) * columns // width
    down = np.arange(height) * rows // height
    return np.asarray(down[:, None] * columns + across[None, :])


def _means(pixels: Floats, labels: Labels, count: int) -> Floats:
    sizes = np.maximum(np.bincount(labels, minlength=count), 1)
    sums = [np.bincount(labels, weights=channel, minlength=count) / sizes for channel in pixels.T]
    means = np.stack(sums, axis=-1).astype(np.float32)
    means[np.bincount(labels, minlength=count) == 0] = 1e6  # an empty patch attracts nobody
    return means


def _nearest(pixels: Floats, means: Floats, home: Labels, rows: int, columns: int) -> Labels:
    row, column = home // columns, home % columns
    best = np.full(len(pixels), np.inf, np.float32)
    labels = home.copy()
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            rival = np.clip(row + down, 0, rows - 1) * columns + np.clip(column + across, 0, columns - 1)
            distance = np.square(pixels - means[rival]).sum(axis=1)
            better = distance < best
            best[better], labels[better] = distance[better], rival[better]
    return labels


def _described(labels: Labels, lab: Floats, count: int) -> Patches:
    """Patches without the empty ones."""
    _, labels = np.unique(labels, return_inverse=True)
    count = int(labels.max()) + 1
    height, width = lab.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
    pixels = np.dstack([lab, x, y]).reshape(-1, 5)
    means = _means(pixels, labels, count)
    sizes = np.bincount(labels).astype(np.float32)
    return Patches(labels.reshape(height, width), means[:, :3], means[:, 3:], sizes)


def _optimised(patches: Patches) -> Floats:
    """Equation 9: patches take after their neighbours, background pulls to 0 and contrast with it to 1."""
    apart = _lengths(patches.colours)
    neighbours, frame = _neighbours(patches.labels), _on_frame(patches)
    background = _background_weight(_geodesic(apart, neighbours, frame), frame)
    contrast = _contrast(patches, apart, background)
    pull = np.where(neighbours, np.exp(-np.square(apart) / (2 * _COLOUR_RANGE**2)) + _SMALL, 0)
    system = np.diag(pull.sum(axis=1) + background + contrast) - pull
    return np.asarray(np.linalg.solve(system, contrast), np.float32)


def _lengths(points: Floats) -> Floats:
    return np.asarray(np.linalg.norm(points[:, None] - points[None], axis=-1), np.float32)


def _neighbours(labels: Labels) -> NDArray[np.bool_]:
    count = int(labels.max()) + 1
    touching = np.zeros((count, count), bool)
    for one, other in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        touching[one, other] = touching[other, one] = True
    np.fill_diagonal(touching, False)
    return touching


def _on_frame(patches: Patches) -> NDArray[np.bool_]:
    labels = patches.labels
    frame = np.zeros(len(patches.sizes), bool)
    frame[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    return frame


def _geodesic(apart: Floats, neighbours: NDArray[np.bool_], frame: NDArray[np.bool_]) -> Floats:
    """Shortest ways over neighbours, small steps being free; the frame hangs together as well."""
    steps = np.sort(np.where(neighbours, apart, np.inf), axis=1)[:, 0]
    free = float(np.mean(steps[np.isfinite(steps)])) if np.isfinite(steps).any() else 0.0
    linked = neighbours | (frame[:, None] & frame[None])
    ways = np.where(linked, np.maximum(apart - free, 0), np.inf)
    np.fill_diagonal(ways, 0)
    for middle in range(len(ways)):
        np.minimum(ways, ways[:, middle, None] + ways[None, middle], out=ways)
    return ways


def _background_weight(ways: Floats, frame: NDArray[np.bool_]) -> Floats:
    """Equations 3 to 5: how much of a patch's frame-ward length its area would let one expect."""
    near = np.exp(-np.square(ways) / (2 * _COLOUR_RANGE**2))
    connectivity = near[:, frame].sum(axis=1) / np.sqrt(near.sum(axis=1))
    return np.asarray(1 - np.exp(-np.square(connectivity) / 2), np.float32)


def _contrast(patches: Patches, apart: Floats, background: Floats) -> Floats:
    """Equation 6: colour distance from the background near by, scaled to [0, 1]."""
    near = np.exp(-np.square(_lengths(patches.places)) / (2 * _REACH**2))
    contrast = (apart * near * background[None]).sum(axis=1)
    return np.asarray(contrast / max(float(contrast.max()), 1e-6), np.float32)
