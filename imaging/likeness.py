"""How a generated picture compares with the photo it was made from, after alignment."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from domain import Likeness, VoteMatch
from imaging.align import Alignment, edges
from imaging.lab import Flags, difference, is_white, lab_of, passes_for_white
from imaging.matting import band_of
from imaging.raster import WHITE, Bytes2, Floats, resize, shares, shrink
from imaging.vote import voted

_SIDE = 450
_RING = 0.03
_SAME, _VERY_SAME = 8.0, 2.5
_CORE = 0.012
_BAND = 2
_LITTLE = 1e-3
_DOUBT = 0.15, 0.6


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
    correlation, detail, outline = _detail(fitted)
    middle, most = _colour_change(fitted)
    white, unchanged, whitened = _background(came)
    return Likeness(
        agreement=alignment.agreement,
        inliers=alignment.inliers,
        scale=alignment.scale,
        stretch=alignment.stretch,
        rotation=alignment.rotation,
        shift=alignment.shift,
        aspect_change=aspect_change,
        outline=outline,
        correlation=correlation,
        detail=detail,
        delta_e_median=middle,
        delta_e_90=most,
        frame_white=white,
        frame_unchanged=unchanged,
        whitened=whitened,
        vote=_beside_vote(fitted) if _DOUBT[0] < alignment.agreement < _DOUBT[1] else None,
    )


def _core(matte: Bytes2) -> Flags:
    side = 2 * max(round(max(matte.shape) * _CORE), 1) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.erode(matte, kernel) > WHITE * 0.9)


def _detail(scene: Scene) -> tuple[float, float, float]:
    """Correlation of edges in the product's core, how much edge the picture has there over the photo's, and the
    correlation along the product's outline.
    """
    core, outline = _core(scene.matte), band_of(scene.matte, _BAND) > 0
    here, there = edges(scene.photo), edges(scene.picture)
    ratio = (_energy(there[core]) + _LITTLE) / (_energy(here[core]) + _LITTLE)
    return _correlation(here[core], there[core]), ratio**0.5, _correlation(here[outline], there[outline])


def _energy(field: Floats) -> float:
    return float(np.vdot(field, field))


def _correlation(one: Floats, other: Floats) -> float:
    """In [-1, 1]; 1 where neither has an edge."""
    energy = _energy(one) * _energy(other)
    return float(np.vdot(one, other)) / float(energy**0.5) if energy > _LITTLE**2 else 1.0


def _colour_change(scene: Scene) -> tuple[float, float]:
    """Median and 90 % of the CIE76 colour difference in the product's core."""
    core = _core(scene.matte)
    if not core.any():
        return 0.0, 0.0
    change = difference(lab_of(scene.photo), lab_of(scene.picture))[core]
    return float(np.median(change)), float(np.quantile(change, 0.9))


def _background(scene: Scene) -> tuple[float, float, float]:
    """Of the frame outside the product, the share that is white; of the whole frame, the share that still shows what
    the photo shows and is not white (of a ground that nearly is, exactly that); of what is not white in the photo, the
    share that has become so.
    """
    photo, picture = (lab_of(rgb, blur=1.5) for rgb in (scene.photo, scene.picture))
    outside = scene.matte < WHITE // 2
    ring = _ring(outside.shape)
    before, after = passes_for_white(photo), passes_for_white(picture)
    change = difference(photo, picture)
    same = np.where(before, (change < _VERY_SAME) & ~is_white(photo), change < _SAME)
    free = after[ring & outside]
    return (
        float(free.mean()) if free.size else 1.0,
        float(same[ring].mean()),
        float((after & ~before).sum() / max((~before).sum(), 1)),
    )


def _beside_vote(scene: Scene) -> VoteMatch:
    """The matte against the embedded engine's vote, which takes about a second: only asked where edges leave doubt."""
    vote = voted(scene.photo)
    matte = shares(resize(scene.matte, (vote.shape[1], vote.shape[0]))) > 0.5
    sure = np.abs(2 * vote - 1)
    inside = vote > 0.5
    union = float(sure[inside | matte].sum())
    kept, extra = matte[vote > 0.9], vote[matte] < 0.1
    return VoteMatch(
        overlap=float(sure[inside & matte].sum()) / union if union else 0.0,
        kept=float(kept.mean()) if kept.size else 1.0,
        extra=float(extra.mean()) if extra.size else 0.0,
    )


def _ring(shape: tuple[int, ...]) -> Flags:
    margin = max(round(max(shape) * _RING), 1)
    ring = np.ones(shape, bool)
    ring[margin:-margin, margin:-margin] = False
    return ring
