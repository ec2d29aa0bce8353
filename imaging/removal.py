"""What a generator removed, told from photo and picture together: a second word on the matte of its picture.

A picture on white alone cannot tell a white sole from the white ground, nor a product that is cut by the frame from a
backdrop. The photo can: where it shows something else than the picture's white, that something was removed.
"""

from __future__ import annotations

import cv2
import numpy as np

from imaging.cuts import INSIDE, MAYBE_INSIDE, MAYBE_OUTSIDE, OUTSIDE, cut
from imaging.lab import Flags, difference, lab_of, passes_for_white
from imaging.raster import WHITE, Bytes2, Floats, resize, shrink
from imaging.softening import softened

_SIDE, _MATTE_SIDE = 400, 900
_OTHER, _SAME = 22.0, 12.0
_COLOURFUL, _DARK = 12.0, 40.0
_BY_LIGHT = np.array((1.0, 0.3, 0.3), np.float32)
_ENOUGH, _RECOGNISED = 0.25, 0.3


def corrected(photo: Bytes2, picture: Bytes2, matte: Bytes2) -> Bytes2:
    """The matte (height, width) put right where what was removed says plainly otherwise; all in the photo's frame.

    Left as it is where the photo's own ground is white, or where the product is not recognised: then nothing can be
    told. What was kept may have changed its hue, hardly its lightness; `_OTHER` and `_SAME` are differences in CIE76.
    """
    small = [shrink(layer, _SIDE) for layer in (photo, picture, matte)]
    guess = _guess(*small)
    if guess is None:
        return matte
    mask = cut(small[0], guess)
    apart = _plain((mask > WHITE // 2) != (small[2] > WHITE // 2))
    if not apart.any():
        return matte
    again = resize(softened(shrink(photo, _MATTE_SIDE), mask), (matte.shape[1], matte.shape[0]))
    where = resize(apart.astype(np.uint8) * WHITE, (matte.shape[1], matte.shape[0])) > WHITE // 2
    return np.asarray(np.where(where, again, matte))


def _guess(photo: Bytes2, picture: Bytes2, matte: Bytes2) -> Bytes2 | None:
    """Labels for a graph cut of the photo; None where too little was removed, or nothing was kept."""
    here, there = lab_of(photo, blur=1.0), lab_of(picture, blur=1.0)
    white, change = passes_for_white(there), difference(here, there)
    removed = _opened(white & (change > _OTHER))
    inside = matte > WHITE // 2
    kept = _opened(~white & (difference(here * _BY_LIGHT, there * _BY_LIGHT) < _SAME) & (inside | _no_shadow(there)))
    if removed.sum() < _ENOUGH * (~inside).sum() or (kept & inside).sum() <= _RECOGNISED * inside.sum():
        return None
    guess = np.where(inside, MAYBE_INSIDE, MAYBE_OUTSIDE).astype(np.uint8)
    guess[kept] = INSIDE
    guess[removed] = OUTSIDE
    return guess


def _no_shadow(lab: Floats) -> Flags:
    """Colourful or dark: generators draw pale grey shadows, often where the photo has one."""
    return np.asarray((np.hypot(lab[..., 1], lab[..., 2]) > _COLOURFUL) | (lab[..., 0] < _DARK))


def _opened(flags: Flags) -> Flags:
    return np.asarray(cv2.morphologyEx(flags.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0)


def _plain(flags: Flags) -> Flags:
    """What is thicker than an edge, and a little around it."""
    thick = cv2.morphologyEx(flags.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return np.asarray(cv2.dilate(thick, np.ones((7, 7), np.uint8)) > 0)
