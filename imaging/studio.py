"""The object before a studio backdrop: a smooth backdrop is modelled, whatever is neither it nor its shadow stays."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.raster import WHITE, Bytes2, Floats, shares, shrink

_ROUNDS = 4
_NEAREST, _FARTHEST = 2.2, 14.0
_SIGMAS = 4.0
_CERTAIN = 2.5
_COARSE_SIDE = 100


@dataclass(frozen=True, slots=True)
class Studio:
    """`mask` is 255 on the object; `backdrop` is the share of the frame that the backdrop explains.

    `certain` is 255 where the colour is so far from the backdrop, and from its shadows, that it can be nothing else
    than the object, provided that there is such a backdrop.
    """

    mask: Bytes2
    backdrop: float
    certain: Bytes2


def studio_mask(rgb: Bytes2) -> Studio:
    """The object in a picture (height, width, 3) of about 400 px; meant for smooth backdrops, sane on any."""
    lab = np.asarray(cv2.cvtColor(shares(rgb), cv2.COLOR_RGB2Lab))
    backdrop, limit = _backdrop(lab)
    distance = _distance(lab, backdrop) / limit
    edges = _sharp_edges(lab, limit)
    shadow = _shadow(lab, backdrop, limit)
    solid = ((distance > 1) & ~shadow) | edges
    outside = _flooded(solid)
    mask = ~outside & (_not_frame(outside.shape) | (distance > 1))
    mask = mask & ~_pockets(mask, distance, edges)
    mask = mask & ~_rim(mask, distance)
    frame = _frame(distance.shape)
    certain = (distance > _CERTAIN) & ~shadow & mask
    return Studio(_as_bytes(mask), float((distance[frame] < 1).mean()), _as_bytes(certain))


def _as_bytes(mask: NDArray[np.bool_]) -> Bytes2:
    return mask.astype(np.uint8) * WHITE


def _frame(shape: tuple[int, ...], share: float = 0.02) -> NDArray[np.bool_]:
    height, width = shape[:2]
    margin = max(round(max(height, width) * share), 2)
    frame = np.ones((height, width), bool)
    frame[margin:-margin, margin:-margin] = False
    return frame


def _not_frame(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    inner = np.zeros(shape[:2], bool)
    inner[1:-1, 1:-1] = True
    return inner


def _backdrop(lab: Floats) -> tuple[Floats, float]:
    """The smooth picture behind the object, and the distance up to which a pixel belongs to it."""
    features = _quadratic(lab.shape[:2])
    inliers = _frame(lab.shape, 0.06)
    limit, model = 20.0, lab
    for _ in range(_ROUNDS):
        model = _fitted(features, lab, inliers)
        residual = _distance(lab, model)
        limit = _limit(residual[inliers & (residual < limit)])
        inliers = _connected_to_frame(residual < 2 * limit)
    model = model + _local(lab - model, inliers)
    residual = _distance(lab, model)
    return model, _limit(residual[inliers])


def _quadratic(shape: tuple[int, ...]) -> Floats:
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _fitted(features: Floats, lab: Floats, inliers: NDArray[np.bool_]) -> Floats:
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


def _local(residual: Floats, inliers: NDArray[np.bool_]) -> Floats:
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


def _connected_to_frame(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    _, labels = cv2.connectedComponents(area.astype(np.uint8), connectivity=4)
    touching = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    keep = np.zeros(labels.max() + 1, bool)
    keep[touching] = True
    keep[0] = False
    return np.asarray(keep[labels])


def _shadow(lab: Floats, backdrop: Floats, limit: float) -> NDArray[np.bool_]:
    """Darker than the backdrop, and of the colour that the backdrop has in less light."""
    light, base = lab[..., 0], np.maximum(backdrop[..., 0], 1)
    share = np.clip(light / base, 0, 1)
    hue = np.sqrt(np.square(lab[..., 1:] - backdrop[..., 1:] * share[..., None]).sum(axis=-1))
    return np.asarray((share > 0.35) & (light < base + limit) & (hue < 0.8 * limit + 2.5))


def _sharp_edges(lab: Floats, limit: float) -> NDArray[np.bool_]:
    """Where the picture changes more over two pixels than penumbrae do: a wide gradient is subtracted."""
    narrow, wide = _gradient(lab, 0.8), _gradient(lab, 4.0)
    return np.asarray(narrow - 1.2 * wide > 0.6 * limit + 0.6)


def _gradient(lab: Floats, sigma: float) -> Floats:
    smooth = cv2.GaussianBlur(lab, (0, 0), sigma)
    across, down = cv2.Sobel(smooth, -1, 1, 0, scale=0.25), cv2.Sobel(smooth, -1, 0, 1, scale=0.25)
    return np.asarray(np.sqrt((across * across + down * down).sum(axis=-1)), np.float32)


def _flooded(solid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Everything that can be reached from the frame through passages wider than about 1 % of the side."""
    radius = max(round(max(solid.shape) * 0.005), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    walls = cv2.dilate(solid.astype(np.uint8), kernel)
    free = _connected_to_frame(np.pad(walls == 0, 1, constant_values=True))[1:-1, 1:-1]
    grown = cv2.dilate(free.astype(np.uint8), kernel) > 0
    return np.asarray(grown & ~solid)


def _rim(mask: NDArray[np.bool_], distance: Floats) -> NDArray[np.bool_]:
    """The outermost pixels where they look like the backdrop: an edge has width, and its outer half is no object."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0
    return np.asarray(mask & ~inner & (distance < 1))


def _pockets(mask: NDArray[np.bool_], distance: Floats, edges: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Enclosed places that look exactly like the backdrop, such as the hole of a handle."""
    alike = cv2.erode((mask & (distance < 0.7)).astype(np.uint8), np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(alike, connectivity=4)
    areas = stats[:, cv2.CC_STAT_AREA]
    far = np.bincount(labels.reshape(-1), weights=cv2.blur(distance, (5, 5)).reshape(-1)) / areas
    is_open = (areas >= max(mask.size * 0.0004, 12)) & (far < 0.5)
    is_open[0] = False
    found = is_open[labels].astype(np.uint8)
    return np.asarray((cv2.dilate(found, np.ones((5, 5), np.uint8)) > 0) & (distance < 1) & ~edges)
