"""Several guesses at the object, weighed by how far they agree and by how much each looks like an object."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from imaging.cuts import cuts, inset, maybe, oval
from imaging.judge import objectness
from imaging.palette import unlike_frame
from imaging.raster import WHITE, Bytes2, Floats, resize, shares, shrink
from imaging.regions import Labels, background_saliency, central, stretched
from imaging.studio import Studio, studio_mask
from patience import give_way

_CUT_SIDE, _STUDIO_SIDE = 176, 400
_SHARPNESS = 16.0
_STUDIO_FROM, _STUDIO_RANGE, _STUDIO_BONUS = 0.85, 0.12, 0.25


def voted(rgb: Bytes2) -> Floats:
    """How likely each pixel is the object's, in [0, 1], for a picture (height, width, 3) shrunk to 176 px."""
    studio = studio_mask(shrink(rgb, _STUDIO_SIDE))
    give_way()
    picture = shrink(rgb, _CUT_SIDE)
    families = [[_from_studio(picture, studio)], *_from_saliency(picture), *_from_shapes(picture)]
    guesses = cuts(picture, [start for family in families for start in family])
    kin = np.repeat(np.arange(len(families)), [len(family) for family in families])
    bonus = np.zeros(len(guesses), np.float32)
    bonus[0] = _STUDIO_BONUS * min(max((studio.backdrop - _STUDIO_FROM) / _STUDIO_RANGE, 0), 1)
    return _agreed(guesses, kin, bonus)


def _from_studio(picture: Bytes2, studio: Studio) -> Bytes2:
    return maybe(resize(studio.mask, (picture.shape[1], picture.shape[0])))


def _from_saliency(picture: Bytes2) -> list[list[Bytes2]]:
    """Starts of cuts, in families by where they look: at regions, at the colours of the frame, at both."""
    saliency, unlike = background_saliency(picture), unlike_frame(picture)
    regions = [_above(saliency.mean, 0.6), _above(saliency.standing), _above(central(saliency.mean))]
    others = _above(central(unlike)), _above(stretched(saliency.mean + unlike))
    families = regions, *([other] for other in others)
    return [[maybe(mask) for mask in family] for family in families]


def _above(saliency: Floats, factor: float = 1.0) -> Bytes2:
    """Where saliency passes `factor` times its Otsu threshold."""
    fine = (saliency * WHITE).astype(np.uint8)
    middle, _ = cv2.threshold(fine, 0, WHITE, cv2.THRESH_OTSU)
    return np.asarray(cv2.compare(fine, middle * factor, cv2.CMP_GT))


def _from_shapes(picture: Bytes2) -> list[list[Bytes2]]:
    height, width = picture.shape[:2]
    return [[inset(height, width, 0.05)], [oval(height, width)]]


def _agreed(guesses: Sequence[Bytes2], kin: Labels, bonus: Floats) -> Floats:
    """`kin` numbers the family of each guess: relatives repeat each other, so a large family counts for less."""
    masks = shares(np.stack(guesses))
    scores = _agreement(masks, kin) + objectness(guesses) + bonus
    weights = np.exp(_SHARPNESS * (scores - scores.max())) / np.sqrt(np.bincount(kin)[kin])
    return np.asarray(np.tensordot(weights / weights.sum(), masks, axes=1), np.float32)


def _agreement(masks: Floats, kin: Labels) -> Floats:
    """Intersection over union of each mask with the others, averaged in each family and then over families."""
    flat = masks.reshape(len(masks), -1)
    common = flat @ flat.T
    areas = flat.sum(axis=1)
    union = np.maximum(areas[:, None] + areas[None] - common, 1)
    pairs = common / union
    np.fill_diagonal(pairs, 0)
    member = kin[:, None] == np.arange(kin.max() + 1)[None]
    others = member.sum(axis=0)[None] - member
    return np.asarray((pairs @ member / np.maximum(others, 1)).sum(axis=1) / (others > 0).sum(axis=1), np.float32)
