"""Where the product of a generated picture lies in the photo it was made from.

A generator moves, rescales, stretches and recolours; what it keeps are the directions of edges. Both pictures become
fields of edge directions in which a dark-to-light edge equals a light-to-dark one (the double angle of the colour
structure tensor: Di Zenzo, "A Note on the Gradient of a Multi-Image", CVGIP 1986), because the ground behind a contour
changes. Starts come from ORB (Rublee et al., ICCV 2011) with RANSAC and, for products without texture, from
correlation over shifts and scales; the best one is climbed to sub-pixel accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.raster import WHITE, Bytes2, Floats, resize, shares

Matrix = NDArray[np.float64]
"""(2, 3): an affine map between pixel centres."""

_COARSE, _STEPS = 0.25, (2.0, 1.0, 0.5)
_LEVELS = ((0.5, 6), (1.0, 4))
_SCALES = (0.86, 0.9, 0.94, 0.97, 1.0, 1.03, 1.06, 1.1, 1.15)
_RANGE = 0.1
_SWEEPS = 12
_STARTS = 3
_EDGE = 6.0 / WHITE
_RIM = 3
_SMALLEST = 64
"""Of a picture, in pixels: ORB's pyramid needs some height and width."""
_FEATURES, _RATIO, _TOLERANCE, _FEW = 2500, 0.8, 3.0, 8
_PRIOR = 0.02


@dataclass(frozen=True, slots=True)
class Alignment:
    """`drift` maps the photo's pixels to where the picture shows them, both at `size` and after geometry is undone:
    the identity when nothing moved. `agreement` in [-1, 1] is the correlation of edge directions over the product;
    `inliers` counts ORB matches that one map explains.
    """

    drift: tuple[tuple[float, float, float], tuple[float, float, float]]
    size: tuple[int, int]
    inliers: int
    agreement: float

    @property
    def matrix(self) -> Matrix:
        return np.array(self.drift)

    def at(self, size: tuple[int, int]) -> Matrix:
        """The drift in pixels of the same pictures at another size."""
        across, down = size[0] / self.size[0], size[1] / self.size[1]
        there = np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
        return np.asarray((there @ np.vstack([self.matrix, [0, 0, 1]]) @ np.linalg.inv(there))[:2])

    @property
    def scale(self) -> float:
        """The product's size in the picture over its size in the photo."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    @property
    def stretch(self) -> float:
        """The largest scale of any direction over the smallest, at least 1."""
        singular = np.linalg.svd(self.matrix[:, :2], compute_uv=False)
        return float(singular[0] / max(singular[1], 1e-6))

    @property
    def rotation(self) -> float:
        """Degrees."""
        (a, b, _), (c, d, _) = self.drift
        return float(np.degrees(np.arctan2(c - b, a + d)))

    @property
    def shift(self) -> float:
        """How far the middle of the photo moved, as a share of the long side."""
        middle = np.array([(self.size[0] - 1) / 2, (self.size[1] - 1) / 2, 1])
        return float(np.hypot(*(self.matrix @ middle - middle[:2])) / max(self.size))


def align(photo: Bytes2, picture: Bytes2, matte: Bytes2, starts: Sequence[Matrix] = ()) -> Alignment:
    """`picture` and its `matte` must lie in the photo's frame but for the drift; all of one size, about 900 px.

    `starts` are further guesses at the drift, tried beside no drift and what is found here.
    """
    found, inliers = matched(photo, picture, matte)
    pair = _Pair.of(photo, picture, matte)
    drift = _refined(pair, _start(pair.shrunk(_COARSE), [*starts, *([] if found is None else [found])]))
    (a, b, c), (d, e, f) = drift.tolist()
    return Alignment(((a, b, c), (d, e, f)), (photo.shape[1], photo.shape[0]), inliers, pair.agreement(drift))


def _start(coarse: _Pair, guesses: Sequence[Matrix]) -> Matrix:
    """The best of the guesses (at full size), of no drift and of what correlates, after a climb."""
    drifts = [_at(guess, _COARSE) for guess in (np.eye(2, 3), *guesses, *_correlated(coarse))]
    ranked = sorted(drifts, key=coarse.score, reverse=True)
    return max((_climbed(coarse, drift, _STEPS) for drift in ranked[:_STARTS]), key=coarse.score)


def _refined(pair: _Pair, coarse: Matrix) -> Matrix:
    """From the coarse level to the full size."""
    level, drift = _COARSE, coarse
    for finer, rounds in _LEVELS:
        drift = _fitted(pair.shrunk(finer), _at(drift, finer / level), rounds)
        level = finer
    return drift


def matched(photo: Bytes2, picture: Bytes2, matte: Bytes2) -> tuple[Matrix | None, int]:
    """The drift by ORB, or None when too little matches, and how many matches agree on it."""
    if min(matte.shape) < _SMALLEST:
        return None, 0
    inside = cv2.erode(matte, np.ones((5, 5), np.uint8))
    reach = round(max(matte.shape) * _RANGE) | 1
    around = cv2.dilate(matte, np.ones((reach, reach), np.uint8))
    (here, words), (there, other) = _features(photo, around), _features(picture, inside)
    if words is None or other is None or min(len(words), len(other)) < _FEW:
        return None, 0
    pairs = [pair for pair in cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(other, words, k=2) if len(pair) == 2]
    kept = [first for first, second in pairs if first.distance < _RATIO * second.distance]
    target = np.array([there[match.queryIdx] for match in kept]).reshape(-1, 2)
    source = np.array([here[match.trainIdx] for match in kept]).reshape(-1, 2)
    near = np.hypot(*(target - source).T) < 2 * reach
    return _agreed(source[near], target[near])


def _features(rgb: Bytes2, where: Bytes2) -> tuple[Floats, Any]:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    mask = cv2.compare(where, WHITE // 2, cv2.CMP_GT)
    points, words = cv2.ORB.create(_FEATURES, fastThreshold=10).detectAndCompute(grey, mask)
    return np.array([point.pt for point in points], np.float32).reshape(-1, 2), words


def _agreed(source: Floats, target: Floats) -> tuple[Matrix | None, int]:
    if len(source) < _FEW:
        return None, 0
    matrix, inliers = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=_TOLERANCE)
    count = int(inliers.sum()) if matrix is not None else 0
    return (np.asarray(matrix, np.float64), count) if count >= _FEW else (None, count)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Edge fields of photo and picture, (height, width, 2), and the product's place, (height, width), all floats;
    the product's middle (x, y) and its mean distance from there in pixels.
    """

    photo: Floats
    picture: Floats
    place: Floats
    middle: NDArray[np.float64]
    radius: float

    @classmethod
    def of(cls, photo: Bytes2, picture: Bytes2, matte: Bytes2) -> _Pair:
        hard = cv2.compare(matte, WHITE // 2, cv2.CMP_GT)
        side = 2 * _RIM + 1
        place = shares(cv2.dilate(hard, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))))
        return cls.around(edges(photo), edges(picture) * place[..., None], place)

    @classmethod
    def around(cls, photo: Floats, picture: Floats, place: Floats) -> _Pair:
        rows, columns = np.nonzero(place > 0.5)
        if not len(rows):
            rows, columns = np.indices(place.shape).reshape(2, -1)
        middle = np.array([columns.mean(), rows.mean()])
        return cls(photo, picture, place, middle, float(np.hypot(columns - middle[0], rows - middle[1]).mean()) + 1)

    def shrunk(self, factor: float) -> _Pair:
        if factor == 1:
            return self
        height, width = self.place.shape
        size = max(round(width * factor), 8), max(round(height * factor), 8)
        return _Pair.around(*(resize(layer, size) for layer in (self.photo, self.picture, self.place)))

    def agreement(self, drift: Matrix) -> float:
        """Correlation of the two fields where the drift says that the product is."""
        field, where = self.moved(drift)
        there = float(np.einsum("ijk,ijk,ij->", self.photo, self.photo, where))
        energy = there * float(np.vdot(field, field))
        return float(np.vdot(self.photo, field)) / float(max(energy, 1e-9) ** 0.5)

    def moved(self, drift: Matrix) -> tuple[Floats, Floats]:
        """The picture's field and the product's place, brought to the photo."""
        size, flags = self.place.shape[::-1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        field, where = (cv2.warpAffine(layer, drift, size, flags=flags) for layer in (self.picture, self.place))
        return field, where

    def score(self, drift: Matrix) -> float:
        """Agreement, and a slight wish for little drift where edges leave it open."""
        turned = np.abs(drift[:, :2] - np.eye(2)).sum() * self.radius
        moved = np.hypot(*(drift @ [*self.middle, 1] - self.middle))
        return self.agreement(drift) - _PRIOR * float(turned + moved) / float(max(self.place.shape))


def edges(rgb: Bytes2) -> Floats:
    """(height, width, 2): strength in [0, 1) times cosine and sine of twice the direction of the colour edge."""
    colours = cv2.GaussianBlur(shares(rgb), (0, 0), 1.0)
    across, down = cv2.Sobel(colours, -1, 1, 0, scale=0.25), cv2.Sobel(colours, -1, 0, 1, scale=0.25)
    along, turned = (across * across - down * down).sum(axis=-1), 2 * (across * down).sum(axis=-1)
    length = np.sqrt(along * along + turned * turned)
    factor = 1 / (length + _EDGE * np.sqrt(length) + 1e-9)
    return np.asarray(np.dstack([along * factor, turned * factor]), np.float32)


def _correlated(pair: _Pair) -> Iterator[Matrix]:
    """For each scale the shift at which the fields correlate best; as drifts at full size."""
    height, width = pair.place.shape
    reach = max(round(max(height, width) * _RANGE), 1)
    scene = cv2.copyMakeBorder(pair.photo, reach, reach, reach, reach, cv2.BORDER_CONSTANT)
    middle = pair.middle
    for scale in _SCALES:
        drift = np.array([[scale, 0, middle[0] * (1 - scale)], [0, scale, middle[1] * (1 - scale)]])
        field = cv2.warpAffine(pair.picture, drift, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        _, _, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(scene, field, cv2.TM_CCORR))
        drift[:, 2] -= drift[:, :2] @ [x - reach, y - reach]
        yield _at(drift, 1 / _COARSE)


def _at(drift: Matrix, factor: float) -> Matrix:
    """The same drift in pixels of a picture `factor` times as large."""
    scaled = drift.copy()
    half = (factor - 1) / 2
    scaled[:, 2] = drift[:, 2] * factor + half - drift[:, :2] @ [half, half]
    return scaled


def _climbed(pair: _Pair, start: Matrix, steps: Sequence[float]) -> Matrix:
    """The best affine map near the start, by trying each of its six freedoms in turn; steps in pixels at the rim."""
    best, top = start, pair.score(start)
    ways = _freedoms(pair.middle, pair.radius)
    for step in steps:
        for _ in range(_SWEEPS):
            before = top
            for way, sign in product(ways, (step, -step)):
                trial = best + sign * way
                score = pair.score(trial)
                if score > top:
                    best, top = trial, score
            if top == before:
                break
    return best


def _fitted(pair: _Pair, start: Matrix, rounds: int) -> Matrix:
    """Gauss-Newton steps (Lucas, Kanade, 1981) on the fields' difference, as long as they help."""
    best, top = start, pair.score(start)
    for _ in range(rounds):
        trial = best + _step(pair, best)
        score = pair.score(trial)
        if score <= top:
            break
        best, top = trial, score
    return best


def _step(pair: _Pair, drift: Matrix) -> Matrix:
    """The change of the drift that explains to first order what still differs."""
    field, where = pair.moved(drift)
    rows, columns = np.nonzero(where > 0.5)
    across, down = (cv2.Sobel(field, -1, *order, scale=0.125)[rows, columns] for order in ((1, 0), (0, 1)))
    ways = _freedoms(pair.middle, pair.radius)
    spots = np.stack([columns, rows, np.ones_like(rows)]).astype(np.float64)
    moves = [way @ spots for way in ways]
    slopes = np.stack([(across * x[:, None] + down * y[:, None]).reshape(-1) for x, y in moves], axis=1)
    left = (pair.photo - field)[rows, columns].reshape(-1)
    squared = slopes.T @ slopes
    factors = np.linalg.solve(squared + np.eye(6) * (1e-3 * np.trace(squared) + 1e-6), slopes.T @ left)
    change = sum(factor * way for factor, way in zip(factors, ways, strict=True))
    return np.column_stack([drift[:, :2] @ change[:, :2], drift[:, :2] @ change[:, 2]])


def _freedoms(middle: NDArray[np.float64], radius: float) -> list[Matrix]:
    """Two shifts; scale, stretch, turn and shear about the middle, each moving the rim by one pixel."""
    linear = np.array([[[1, 0], [0, 1]], [[1, 0], [0, -1]], [[0, -1], [1, 0]], [[0, 1], [1, 0]]]) / radius
    about = [np.column_stack([part, -part @ middle]) for part in linear]
    return [np.array([[0, 0, 1.0], [0, 0, 0]]), np.array([[0, 0, 0], [0, 0, 1.0]]), *about]
