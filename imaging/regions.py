"""Which parts of a picture hang together with its frame, decided on a few hundred patches of even colour.

Sources: Achanta et al., "SLIC Superpixels" (PAMI 2012), section 3; Zhu, Liang, Wei, Sun, "Saliency Optimization from
Robust Background Detection" (CVPR 2014), equations 1 to 9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.raster import Bytes2, Floats, shares

_PATCHES = 260
_ROUNDS = 4
_COMPACTNESS = 12.0
_COLOUR_RANGE = 7.0
_REACH = 0.25
_SMALL = 0.1
_FOOT = 0.8
_MIDDLE, _FAR = 0.62, 0.3

Labels = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Patches:
    """`labels` (height, width) numbers the patches; colours in Lab, places in shares of the long side."""

    labels: Labels
    colours: Floats
    places: Floats
    sizes: Floats


@dataclass(frozen=True, slots=True)
class Saliency:
    """How much each pixel stands out, (height, width) in [0, 1]: from the whole frame, and from all but its foot.

    Things stand on the lower edge or are cut by it: then only the other three sides show the background.
    """

    whole: Floats
    standing: Floats

    @property
    def mean(self) -> Floats:
        return stretched((self.whole + self.standing) / 2)


def central(saliency: Floats) -> Floats:
    """Less towards the corners: whoever takes a photo of a product aims at it."""
    height, width = saliency.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j] / _MIDDLE
    return stretched(saliency * (_FAR + (1 - _FAR) * np.exp(-(x * x + y * y) / 2)))


def background_saliency(rgb: Bytes2) -> Saliency:
    """For a picture (height, width, 3) of about 200 px."""
    patches = patches_of(np.asarray(cv2.cvtColor(shares(rgb), cv2.COLOR_RGB2Lab)))
    apart, neighbours = _lengths(patches.colours), _neighbours(patches.labels)
    maps = (_optimised(patches, apart, neighbours, frame) for frame in _frames(patches))
    return Saliency(*(stretched(saliency[patches.labels]) for saliency in maps))


def stretched(saliency: NDArray[Any]) -> Floats:
    low, high = float(saliency.min()), float(saliency.max())
    return np.asarray((saliency - low) / max(high - low, 1e-6), np.float32)


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


def _optimised(patches: Patches, apart: Floats, neighbours: Flags, frame: Flags) -> Floats:
    """Equation 9: patches take after their neighbours, background pulls to 0 and contrast with it to 1."""
    background = _background_weight(_geodesic(apart, neighbours, frame), frame)
    contrast = _contrast(patches, apart, background)
    pull = np.where(neighbours, np.exp(-np.square(apart) / (2 * _COLOUR_RANGE**2)) + _SMALL, 0)
    system = np.diag(pull.sum(axis=1) + background + contrast) - pull
    return np.asarray(np.linalg.solve(system, contrast), np.float32)


def _lengths(points: Floats) -> Floats:
    return np.asarray(np.linalg.norm(points[:, None] - points[None], axis=-1), np.float32)


def _neighbours(labels: Labels) -> Flags:
    count = int(labels.max()) + 1
    touching = np.zeros((count, count), bool)
    for one, other in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        touching[one, other] = touching[other, one] = True
    np.fill_diagonal(touching, False)
    return touching


def _frames(patches: Patches) -> tuple[Flags, Flags]:
    """Which patches lie on the frame, and which on its top and sides."""
    labels = patches.labels
    foot = int(labels.shape[0] * _FOOT)
    whole, standing = np.zeros((2, len(patches.sizes)), bool)
    whole[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    standing[np.concatenate([labels[0], labels[:foot, 0], labels[:foot, -1]])] = True
    return whole, standing


def _geodesic(apart: Floats, neighbours: Flags, frame: Flags) -> Floats:
    """Shortest ways over neighbours, small steps being free; the frame hangs together as well."""
    steps = np.sort(np.where(neighbours, apart, np.inf), axis=1)[:, 0]
    free = float(np.mean(steps[np.isfinite(steps)])) if np.isfinite(steps).any() else 0.0
    linked = neighbours | (frame[:, None] & frame[None])
    ways = np.where(linked, np.maximum(apart - free, 0), np.inf)
    np.fill_diagonal(ways, 0)
    for middle in range(len(ways)):
        np.minimum(ways, ways[:, middle, None] + ways[None, middle], out=ways)
    return ways


def _background_weight(ways: Floats, frame: Flags) -> Floats:
    """Equations 3 to 5: how much of a patch's frame-ward length its area would let one expect."""
    near = np.exp(-np.square(ways) / (2 * _COLOUR_RANGE**2))
    connectivity = near[:, frame].sum(axis=1) / np.sqrt(near.sum(axis=1))
    return np.asarray(1 - np.exp(-np.square(connectivity) / 2), np.float32)


def _contrast(patches: Patches, apart: Floats, background: Floats) -> Floats:
    """Equation 6: colour distance from the background near by, scaled to [0, 1]."""
    near = np.exp(-np.square(_lengths(patches.places)) / (2 * _REACH**2))
    contrast = (apart * near * background[None]).sum(axis=1)
    return np.asarray(contrast / max(float(contrast.max()), 1e-6), np.float32)
