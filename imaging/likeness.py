"""How a generated picture compares with the photo it was made from, after alignment."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from domain import Likeness
from imaging.align import Alignment, edges
from imaging.raster import WHITE, Bytes2, Floats, resize, shares, shrink
from imaging.vote import voted

_SIDE = 450
_RING = 0.03
_LIGHT, _COLOURLESS = 86.0, 9.0
_SAME = 8.0
_CORE = 0.012

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scene:
    """The photo, the picture that came back and its matte in one frame and of one size."""

    photo: Bytes2
    picture: Bytes2
    matte: Bytes2

    def small(self) -> Scene:
        return Scene(*(shrink(layer, _SIDE) for layer in (self.photo, self.picture, self.matte)))


def likeness(came: Scene, fitted: Scene, alignment: Alignment, aspect_change: float) -> Likeness:
    """From the scene as it came and the scene with the drift undone."""
    came, fitted = came.small(), fitted.small()
    correlation, detail = _detail(fitted)
    middle, most = _colour_change(fitted)
    white, unchanged, whitened = _background(came)
    overlap, kept, extra = _beside_vote(fitted)
    return Likeness(
        agreement=alignment.agreement,
        inliers=alignment.inliers,
        scale=alignment.scale,
        stretch=alignment.stretch,
        rotation=alignment.rotation,
        shift=alignment.shift,
        aspect_change=aspect_change,
        correlation=correlation,
        detail=detail,
        delta_e_median=middle,
        delta_e_90=most,
        frame_white=white,
        frame_unchanged=unchanged,
        whitened=whitened,
        overlap=overlap,
        kept=kept,
        extra=extra,
    )


def _core(matte: Bytes2) -> Flags:
    side = 2 * max(round(max(matte.shape) * _CORE), 1) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.erode(matte, kernel) > WHITE * 0.9)


def _detail(scene: Scene) -> tuple[float, float]:
    """Correlation of edges in the product's core, and how much edge the picture has there over the photo's; 1 for a
    core without any.
    """
    core = _core(scene.matte)
    here, there = edges(scene.photo)[core], edges(scene.picture)[core]
    energy, other = float(np.vdot(here, here)), float(np.vdot(there, there))
    if min(energy, other) < 1e-6:
        return 1.0, 1.0
    return float(np.vdot(here, there)) / (energy * other) ** 0.5, (other / energy) ** 0.5


def _colour_change(scene: Scene) -> tuple[float, float]:
    """Median and 90 % of the CIE76 colour difference in the product's core."""
    core = _core(scene.matte)
    if not core.any():
        return 0.0, 0.0
    change = _difference(_lab(scene.photo), _lab(scene.picture))[core]
    return float(np.median(change)), float(np.quantile(change, 0.9))


def _background(scene: Scene) -> tuple[float, float, float]:
    """Of the frame outside the product, the share that is white; of the whole frame, the share that still shows what
    the photo shows and is not white; of what is not white in the photo, the share that has become so.
    """
    photo, picture = (_lab(cv2.GaussianBlur(rgb, (0, 0), 1.5)) for rgb in (scene.photo, scene.picture))
    outside = scene.matte < WHITE // 2
    ring = _ring(outside.shape)
    before, after = _white(photo), _white(picture)
    same = (_difference(photo, picture) < _SAME) & ~before
    free = after[ring & outside]
    return (
        float(free.mean()) if free.size else 1.0,
        float(same[ring].mean()),
        float((after & ~before).sum() / max((~before).sum(), 1)),
    )


def _beside_vote(scene: Scene) -> tuple[float, float, float]:
    """Against the embedded engine's vote: intersection over union weighed by its confidence, the share of its sure
    inside that is kept, the share of the matte that lies on its sure outside.
    """
    vote = voted(scene.photo)
    matte = shares(resize(scene.matte, (vote.shape[1], vote.shape[0]))) > 0.5
    sure = np.abs(2 * vote - 1)
    inside = vote > 0.5
    union = float(sure[inside | matte].sum())
    kept, extra = matte[vote > 0.9], vote[matte] < 0.1
    return (
        float(sure[inside & matte].sum()) / union if union else 0.0,
        float(kept.mean()) if kept.size else 1.0,
        float(extra.mean()) if extra.size else 0.0,
    )


def _lab(rgb: Bytes2) -> Floats:
    return np.asarray(cv2.cvtColor(shares(rgb), cv2.COLOR_RGB2Lab))


def _difference(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.sqrt(np.square(one - other).sum(axis=-1)), np.float32)


def _white(lab: Floats) -> Flags:
    return np.asarray((lab[..., 0] > _LIGHT) & (np.hypot(lab[..., 1], lab[..., 2]) < _COLOURLESS))


def _ring(shape: tuple[int, ...]) -> Flags:
    margin = max(round(max(shape) * _RING), 1)
    ring = np.ones(shape, bool)
    ring[margin:-margin, margin:-margin] = False
    return ring
