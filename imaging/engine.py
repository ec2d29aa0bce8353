"""The embedded engine: a matte from the picture alone, on this machine; the same bytes in, the same bytes out."""

from __future__ import annotations

import cv2
import numpy as np

from domain import Raster
from imaging.cuts import INSIDE, MAYBE_INSIDE, MAYBE_OUTSIDE, OUTSIDE, cut
from imaging.matting import enlarge
from imaging.network import seen
from imaging.raster import WHITE, Bytes2, Floats, flatten, raster_of, resize, shares, shrink, view
from imaging.softening import softened
from imaging.studio import studio_mask
from imaging.vote import voted
from patience import give_way

_CUT_SIDE, _STUDIO_SIDE, _MATTE_SIDE = 560, 400, 900
_SURELY, _HARDLY = 0.99, 0.01
_LEEWAY = 11
_CRUMB = 0.01
_NOTCH = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def object_mask(pixels: Raster) -> Raster:
    """The matte ("L", same size) of the main object; a picture that is cut out already keeps its own alpha."""
    if pixels.mode == "RGBA" and _is_cut_out(view(pixels)):
        return raster_of(cv2.extractChannel(view(pixels), 3))
    rgb = flatten(pixels)
    small = shrink(rgb, _MATTE_SIDE)
    mask = _refined(small, _likely(small))
    give_way()
    return raster_of(enlarge(softened(small, mask), rgb))


def studio_matte(rgb: Bytes2) -> Bytes2:
    """The matte (height, width) of an object on white or another smooth backdrop; rgb is (height, width, 3)."""
    small = shrink(rgb, _MATTE_SIDE)
    mask = studio_mask(shrink(small, _STUDIO_SIDE)).mask
    return enlarge(softened(small, _refined(small, shares(mask))), rgb)


def _likely(rgb: Bytes2) -> Floats:
    """What cuts by colour and edge agree on, and what a network that has seen many objects takes for one."""
    vote = voted(rgb)
    give_way()
    network = cv2.resize(seen(rgb), (vote.shape[1], vote.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray((vote + network) / 2, np.float32)


def _is_cut_out(rgba: Bytes2) -> bool:
    """Transparent along most of the frame: somebody has done the work. Rounded corners alone do not count."""
    alpha = rgba[..., 3]
    frame = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    return bool((frame < WHITE // 2).mean() > 0.5)


def _refined(rgb: Bytes2, likely: Floats) -> Bytes2:
    """The vote's mask, cut once more on a larger picture; what all guesses agree on stays, but for the contour.

    A cut leaves notches of a pixel where two neighbours cost the same: they are closed.
    """
    picture = shrink(rgb, _CUT_SIDE)
    likely = resize(likely, (picture.shape[1], picture.shape[0]))
    guess = np.where(likely > 0.5, MAYBE_INSIDE, MAYBE_OUTSIDE).astype(np.uint8)
    square = np.ones((_LEEWAY, _LEEWAY), np.uint8)
    guess[cv2.erode((likely > _SURELY).astype(np.uint8), square) > 0] = INSIDE
    guess[cv2.dilate((likely > _HARDLY).astype(np.uint8), square) == 0] = OUTSIDE
    mask = cv2.morphologyEx(cut(picture, guess, rounds=1), cv2.MORPH_CLOSE, _NOTCH)
    return _without_crumbs(np.asarray(mask, np.uint8))


def _without_crumbs(mask: Bytes2) -> Bytes2:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    return np.where((areas >= areas.sum() * _CRUMB)[labels], mask, 0).astype(np.uint8)
