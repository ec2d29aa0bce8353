"""The object before a studio backdrop: a smooth backdrop is modelled, whatever is neither it nor its shadow stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.raster import WHITE, Bytes2, Floats, resize, shares, shrink

_ROUNDS = 4
_MODEL_SIDE = 160
_NEAREST, _FARTHEST = 2.2, 14.0
_SIGMAS = 4.0
_COARSE_SIDE = 100
_FAINT, _NOISES = 0.4, 1.3
_PASSAGES = 0.01, 0.02, 0.04
_OPEN = 1.2
_OPEN_NOISES = 2.5
_MOUTH = 0.12
_LEAST = 0.0004

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Studio:
    """`mask` is 255 on the object; `backdrop` is the share of the frame that the backdrop explains."""

    mask: Bytes2
    backdrop: float


def studio_mask(rgb: Bytes2) -> Studio:
    """The object in a picture (height, width, 3) of about 400 px; meant for smooth backdrops, sane on any."""
    lab = np.asarray(cv2.cvtColor(shares(rgb), cv2.COLOR_RGB2Lab))
    backdrop, limit = _backdrop(lab)
    distance = _distance(lab, backdrop) / limit
    shadow = _shadow(lab, backdrop, limit)
    edges = _sharp_edges(lab, limit, distance < 1)
    solid = ((distance > 1) & ~shadow) | edges
    mask = _enclosed(solid, cv2.GaussianBlur(lab - backdrop, (0, 0), 1.5))
    mask &= _not_frame(mask.shape) | (distance > 1)
    mask &= ~_rim(mask, distance)
    return Studio(_as_bytes(mask), float((distance[_frame(mask.shape)] < 1).mean()))


def _as_bytes(mask: Flags) -> Bytes2:
    return mask.astype(np.uint8) * WHITE


def _frame(shape: tuple[int, ...], share: float = 0.02) -> Flags:
    height, width = shape[:2]
    margin = max(round(max(height, width) * share), 2)
    frame = np.ones((height, width), bool)
    frame[margin:-margin, margin:-margin] = False
    return frame


def _not_frame(shape: tuple[int, ...]) -> Flags:
    inner = np.zeros(shape[:2], bool)
    inner[1:-1, 1:-1] = True
    return inner


def _backdrop(lab: Floats) -> tuple[Floats, float]:
    """The smooth picture behind the object, and the distance up to which a pixel belongs to it."""
    small = shrink(lab, _MODEL_SIDE)
    features = _quadratic(small.shape[:2])
    inliers = _frame(small.shape, 0.06)
    limit, model = 20.0, small
    for _ in range(_ROUNDS):
        model = _fitted(features, small, inliers)
        residual = _distance(small, model)
        limit = _limit(residual[inliers & (residual < limit)])
        inliers = _connected_to_frame(residual < 2 * limit)
    model = resize(model + _local(small - model, inliers), (lab.shape[1], lab.shape[0]))
    inliers = resize(_as_bytes(inliers), (lab.shape[1], lab.shape[0])) > WHITE // 2
    return model, _limit(_distance(lab, model)[inliers])


def _quadratic(shape: tuple[int, ...]) -> Floats:
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _fitted(features: Floats, lab: Floats, inliers: Flags) -> Floats:
    """Least squares through the inliers, twice: the second time without the worst fifth."""
    rows, colours = features[inliers], lab[inliers]
    factors = np.zeros((features.shape[-1], 3), np.float32)
    for _ in range(2):
        squared = rows.T @ rows + np.eye(rows.shape[1], dtype=np.float32) * 1e-3
        factors = np.linalg.solve(squared, rows.T @ colours)
        error = np.abs(colours - rows @ factors).sum(axis=1)
        kept = error <= np.quantile(error, 0.8) + 1e-3
        rows, colours = rows[kept], colours[kept]
    return np.asarray(features @ factors, np.float32)


def _local(residual: Floats, inliers: Flags) -> Floats:
    """What the quadratic misses, averaged over the backdrop around each pixel."""
    height, width = residual.shape[:2]
    weight = inliers.astype(np.float32)
    small = shrink(np.dstack([residual * weight[..., None], weight]), _COARSE_SIDE)
    total = cv2.GaussianBlur(small, (0, 0), max(small.shape[:2]) * 0.06)
    return np.asarray(cv2.resize(total[..., :3] / (total[..., 3:] + 0.02), (width, height)), np.float32)


def _distance(lab: Floats, model: Floats) -> Floats:
    return np.asarray(np.sqrt(np.square(lab - model).sum(axis=-1)), np.float32)


def _limit(residual: Floats) -> float:
    """Four sigma of the noise, within sane bounds; a Rayleigh-like length has its median at 1.18 sigma and more."""
    sigma = float(np.median(residual)) / 1.4 if residual.size else _FARTHEST
    return float(np.clip(_SIGMAS * sigma, _NEAREST, _FARTHEST))


def _connected_to_frame(area: Flags) -> Flags:
    _, labels = cv2.connectedComponents(area.astype(np.uint8), connectivity=4)
    touching = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    keep = np.zeros(labels.max() + 1, bool)
    keep[touching] = True
    keep[0] = False
    return np.asarray(keep[labels])


def _shadow(lab: Floats, backdrop: Floats, limit: float) -> Flags:
    """Darker than the backdrop, and of the colour that the backdrop has in less light."""
    light, base = lab[..., 0], np.maximum(backdrop[..., 0], 1)
    share = np.clip(light / base, 0, 1)
    hue = np.sqrt(np.square(lab[..., 1:] - backdrop[..., 1:] * share[..., None]).sum(axis=-1))
    return np.asarray((share > 0.35) & (light < base + limit) & (hue < 0.8 * limit + 2.5))


def _sharp_edges(lab: Floats, limit: float, alike: Flags) -> Flags:
    """Where the picture changes more over two pixels than penumbrae do: a wide gradient is subtracted.

    Fainter changes count where they go on from such an edge, as far as they pass the noise of what is `alike` the
    backdrop (Canny's two thresholds).
    """
    change = _gradient(lab, 0.8) - 1.2 * _gradient(lab, 4.0)
    least = 0.6 * limit + 0.6
    noise = float(np.quantile(change[alike], 0.99)) if alike.any() else least
    sharp = change > least
    _, labels = cv2.connectedComponents((change > max(_FAINT * least, _NOISES * noise)).astype(np.uint8))
    starts = np.bincount(labels.reshape(-1), weights=sharp.reshape(-1)) > 0
    starts[0] = False
    return np.asarray(sharp | starts[labels])


def _gradient(lab: Floats, sigma: float) -> Floats:
    smooth = cv2.GaussianBlur(lab, (0, 0), sigma)
    across, down = cv2.Sobel(smooth, -1, 1, 0, scale=0.25), cv2.Sobel(smooth, -1, 0, 1, scale=0.25)
    return np.asarray(np.sqrt((across * across + down * down).sum(axis=-1)), np.float32)


def _enclosed(solid: Flags, residual: Floats) -> Flags:
    """What is solid, and what it surrounds but for narrow passages; not what looks exactly like the backdrop.

    `residual` (height, width, 3) is the smoothed difference from the backdrop, in Lab.
    """
    difference = np.sqrt(np.square(residual).sum(axis=-1))
    outside = _flooded(solid, _PASSAGES[0])
    limit = max(_OPEN, _OPEN_NOISES * float(np.median(difference[outside]))) if outside.any() else _OPEN
    mask = ~outside & ~_alike(~outside & ~solid, difference, limit)
    for passage in _PASSAGES[1:]:
        narrower = _flooded(solid, passage)
        mask |= _closed(outside & ~narrower, narrower, difference, limit)
        outside = narrower
    return mask


def _flooded(solid: Flags, passage: float) -> Flags:
    """Everything that can be reached from the frame through passages wider than a share of the side."""
    radius = max(round(max(solid.shape) * passage / 2), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    walls = cv2.dilate(solid.astype(np.uint8), kernel)
    free = _connected_to_frame(np.pad(walls == 0, 1, constant_values=True))[1:-1, 1:-1]
    grown = cv2.dilate(free.astype(np.uint8), kernel) > 0
    return np.asarray(grown & ~solid)


def _alike(pockets: Flags, difference: Floats, limit: float) -> Flags:
    """Pockets, such as the hole of a handle, that look exactly like the backdrop."""
    return _chosen(pockets, lambda pocket: float(np.median(difference[pocket])) < limit)


def _closed(bays: Flags, outside: Flags, difference: Floats, limit: float) -> Flags:
    """Bays with a narrow mouth that do not look like the backdrop: the outline of the object has a gap there."""
    shore = cv2.dilate(outside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0

    def is_object(bay: Flags) -> bool:
        rim = bay & (cv2.erode(bay.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
        return float(np.median(difference[bay])) > limit and float(shore[rim].mean()) < _MOUTH

    return _chosen(bays, is_object)


def _chosen(area: Flags, wanted: Callable[[Flags], bool]) -> Flags:
    """The connected parts of an area that are wanted, crumbs left out."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(area.astype(np.uint8), connectivity=4)
    keep = np.zeros(count, bool)
    for label in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= max(area.size * _LEAST, 12)):
        keep[label] = label > 0 and wanted(labels == label)
    return np.asarray(keep[labels])


def _rim(mask: Flags, distance: Floats) -> Flags:
    """The outermost pixels where they look like the backdrop: an edge has width, and its outer half is no object."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0
    return np.asarray(mask & ~inner & (distance < 1))
