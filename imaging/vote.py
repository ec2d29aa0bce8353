"""Several guesses at the object, weighed by how far they agree and by how much each looks like an object."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from imaging.cuts import cut, inset, maybe, oval
from imaging.judge import objectness
from imaging.raster import WHITE, Bytes2, Floats, resize, shares, shrink
from imaging.regions import Labels, background_saliency
from imaging.studio import Studio, studio_mask

_CUT_SIDE, _STUDIO_SIDE, _SALIENCY_SIDE = 256, 400, 200
_SHARPNESS = 12.0
_STUDIO_FROM, _STUDIO_RANGE, _STUDIO_BONUS = 0.85, 0.12, 0.12
_MISSED = 0.6


def voted(rgb: Bytes2) -> Floats:
    """How likely each pixel is the object's, in [0, 1], for a picture (height, width, 3) shrunk to 256 px."""
    studio = studio_mask(shrink(rgb, _STUDIO_SIDE))
    picture = shrink(rgb, _CUT_SIDE)
    families = _from_studio(picture, studio), _from_saliency(picture), _from_shapes(picture)
    guesses = [guess for family in families for guess in family]
    kin = np.repeat(np.arange(len(families)), [len(family) for family in families])
    return _agreed(picture, guesses, kin, _studio_word(studio, guesses, len(families[0])))


def _studio_word(studio: Studio, guesses: Sequence[Bytes2], own: int) -> Floats:
    """Where the frame is all backdrop: a bonus for the studio's masks, a penalty for missing what is certain."""
    trust = min(max((studio.backdrop - _STUDIO_FROM) / _STUDIO_RANGE, 0), 1)
    certain = resize(studio.certain, (guesses[0].shape[1], guesses[0].shape[0])) > WHITE // 2
    missed = [float((mask[certain] == 0).mean()) if certain.any() else 0.0 for mask in guesses]
    bonus = np.array([_STUDIO_BONUS] * own + [0.0] * (len(guesses) - own))
    return np.asarray(trust * (bonus - _MISSED * np.array(missed)), np.float32)


def _from_studio(picture: Bytes2, studio: Studio) -> list[Bytes2]:
    mask = resize(studio.mask, (picture.shape[1], picture.shape[0]))
    return [mask, cut(picture, maybe(mask))]


def _from_saliency(picture: Bytes2) -> list[Bytes2]:
    saliency = background_saliency(shrink(picture, _SALIENCY_SIDE))
    lab = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2Lab))
    low, middle, high = (_above(saliency.mean, picture, factor) for factor in (0.6, 1.0, 1.35))
    others = (_above(one, picture, 1.0) for one in (saliency.whole, saliency.central))
    cuts = [cut(picture, maybe(mask)) for mask in (low, middle, high, *others)]
    return [*cuts, cut(lab, maybe(middle))]


def _above(saliency: Floats, picture: Bytes2, factor: float) -> Bytes2:
    """Where saliency passes `factor` times its Otsu threshold."""
    fine = resize((saliency * WHITE).astype(np.uint8), (picture.shape[1], picture.shape[0]))
    middle, _ = cv2.threshold(fine, 0, WHITE, cv2.THRESH_OTSU)
    return np.asarray(cv2.compare(fine, middle * factor, cv2.CMP_GT))


def _from_shapes(picture: Bytes2) -> list[Bytes2]:
    height, width = picture.shape[:2]
    shapes = inset(height, width, 0.12), oval(height, width)
    return [cut(picture, shape) for shape in shapes]


def _agreed(picture: Bytes2, guesses: Sequence[Bytes2], kin: Labels, bonus: Floats) -> Floats:
    """`kin` numbers the family of each guess: relatives repeat each other, so a large family counts for less."""
    masks = shares(np.stack(guesses))
    scores = _agreement(masks, kin) + objectness(picture, guesses) + bonus
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
    others = np.maximum(member.sum(axis=0)[None] - member, 1)
    return np.asarray((pairs @ member / others).mean(axis=1), np.float32)
