"""Several guesses at the object, weighed by how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.cuts import cut, inset, maybe, oval
from imaging.raster import WHITE, Bytes2, Floats, resize, shares, shrink
from imaging.regions import background_saliency
from imaging.studio import Studio, studio_mask

_CUT_SIDE, _STUDIO_SIDE, _SALIENCY_SIDE = 256, 400, 200
_AGREEMENT = 6.0
_LEAST_AREA, _MOST_AREA, _HARDLY = 0.01, 0.93, 0.02
_STUDIO_FROM, _STUDIO_RANGE, _STUDIO_WEIGHT = 0.85, 0.12, 3.0


@dataclass(frozen=True, slots=True)
class Guess:
    """One mask, and how much it counts before agreement is looked at."""

    mask: Bytes2
    weight: float = 1.0


def voted(rgb: Bytes2) -> Floats:
    """How likely each pixel is the object's, in [0, 1], for a picture (height, width, 3) shrunk to 256 px."""
    studio = studio_mask(shrink(rgb, _STUDIO_SIDE))
    picture = shrink(rgb, _CUT_SIDE)
    return _agreed([*_from_studio(picture, studio), *_from_saliency(picture), *_from_shapes(picture)])


def _from_studio(picture: Bytes2, studio: Studio) -> list[Guess]:
    """A frame that is all backdrop speaks for the studio masks."""
    trust = 1 + _STUDIO_WEIGHT * min(max((studio.backdrop - _STUDIO_FROM) / _STUDIO_RANGE, 0), 1)
    mask = resize(studio.mask, (picture.shape[1], picture.shape[0]))
    return [Guess(mask, trust), Guess(cut(picture, maybe(mask)), trust)]


def _from_saliency(picture: Bytes2) -> list[Guess]:
    saliency = background_saliency(shrink(picture, _SALIENCY_SIDE))
    fine = resize((saliency * WHITE).astype(np.uint8), (picture.shape[1], picture.shape[0]))
    middle, _ = cv2.threshold(fine, 0, WHITE, cv2.THRESH_OTSU)
    lab = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2Lab))
    masks = [np.asarray(cv2.compare(fine, middle * factor, cv2.CMP_GT)) for factor in (0.6, 1.0, 1.35)]
    return [*(Guess(cut(picture, maybe(mask))) for mask in masks), Guess(cut(lab, maybe(masks[1])))]


def _from_shapes(picture: Bytes2) -> list[Guess]:
    height, width = picture.shape[:2]
    shapes = inset(height, width, 0.05), inset(height, width, 0.12), oval(height, width)
    return [Guess(cut(picture, shape)) for shape in shapes]


def _agreed(guesses: Sequence[Guess]) -> Floats:
    masks = shares(np.stack([guess.mask for guess in guesses]))
    weights = np.array([guess.weight for guess in guesses]) * np.exp(_AGREEMENT * _agreement(masks))
    areas = masks.mean(axis=(1, 2))
    weights *= np.where((areas < _LEAST_AREA) | (areas > _MOST_AREA), _HARDLY, 1)
    return np.asarray(np.tensordot(weights / weights.sum(), masks, axes=1), np.float32)


def _agreement(masks: Floats) -> Floats:
    """Mean intersection over union of each mask with the others; (masks,)."""
    flat = masks.reshape(len(masks), -1)
    common = flat @ flat.T
    areas = flat.sum(axis=1)
    union = np.maximum(areas[:, None] + areas[None] - common, 1)
    return np.asarray(((common / union).sum(axis=1) - 1) / (len(masks) - 1), np.float32)
