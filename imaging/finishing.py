"""The matte as a whole, after the strokes: only the main object, no holes, the edge moved and softened."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from domain import Raster, TouchUp
from imaging.raster import WHITE, Bytes2, raster_of, view

_HALF = WHITE // 2
_RIM = 3


def finished(matte: Raster, options: TouchUp) -> Raster:
    """The matte ("L") with the options applied in the order of this module's docstring."""
    alpha = view(matte)
    if options.main_only:
        alpha = _main(alpha)
    if options.fill_holes:
        alpha = _filled(alpha)
    if options.shift:
        alpha = _shifted(alpha, options.shift)
    if options.softness:
        alpha = _softer(alpha, options.softness)
    return raster_of(alpha)


def _main(alpha: Bytes2) -> Bytes2:
    """The largest piece with its soft surroundings; what lies nearer to another piece goes with that piece."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.compare(alpha, _HALF, cv2.CMP_GT))
    if count < 2:
        return alpha
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    others = np.asarray((labels != largest) & (labels > 0), np.uint8)
    to_main = _away_from(np.asarray(labels == largest, np.uint8))
    nearer = cv2.compare(to_main, _away_from(others), cv2.CMP_LE) if others.any() else None
    linked = _linked(alpha, labels == largest)
    return np.asarray(cv2.bitwise_and(alpha, linked, mask=nearer))


def _linked(alpha: Bytes2, where: NDArray[np.bool_]) -> Bytes2:
    """255 where something visible hangs together with the chosen pixels."""
    _, labels = cv2.connectedComponents(cv2.compare(alpha, 0, cv2.CMP_GT))
    return np.where(labels == labels[where].max(), WHITE, 0).astype(np.uint8)


def _away_from(piece: Bytes2) -> Bytes2:
    """Distances in pixels to the pixels that are 1."""
    return np.asarray(cv2.distanceTransform(1 - piece, cv2.DIST_L2, cv2.DIST_MASK_3))


def _filled(alpha: Bytes2) -> Bytes2:
    """Openings that do not reach the frame become opaque, together with their soft rims and faint spots."""
    opening = _enclosed(cv2.compare(alpha, _HALF, cv2.CMP_LE))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _RIM + 1, 2 * _RIM + 1))
    faint = _enclosed(cv2.compare(alpha, WHITE, cv2.CMP_LT))
    return np.asarray(cv2.max(alpha, cv2.max(cv2.dilate(opening, kernel), faint)))


def _enclosed(mask: Bytes2) -> Bytes2:
    """The connected parts of a mask (255 or 0) that do not touch the frame."""
    count, labels = cv2.connectedComponents(mask, connectivity=4)
    inner = np.full(count, WHITE, np.uint8)
    inner[0] = 0
    inner[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = 0
    return np.asarray(inner[labels])


def _shifted(alpha: Bytes2, pixels: float) -> Bytes2:
    """The edge moved outwards by so many pixels, inwards below 0; part pixels mix the two whole ones."""
    whole, part = divmod(abs(pixels), 1)
    operation = cv2.MORPH_DILATE if pixels > 0 else cv2.MORPH_ERODE
    moved = _moved(alpha, int(whole), operation)
    if not part:
        return moved
    further = _moved(alpha, int(whole) + 1, operation)
    return np.asarray(cv2.addWeighted(moved, 1 - part, further, part, 0))


def _moved(alpha: Bytes2, pixels: int, operation: int) -> Bytes2:
    """Squares and crosses in turn make an octagon, which is nearly round and much faster than a disc."""
    shapes = (cv2.MORPH_CROSS, cv2.MORPH_RECT)
    for shape, times in zip(shapes, ((pixels + 1) // 2, pixels // 2), strict=True):
        if times:
            kernel = cv2.getStructuringElement(shape, (3, 3))
            alpha = cv2.morphologyEx(alpha, operation, kernel, iterations=times)
    return np.asarray(alpha)


def _softer(alpha: Bytes2, pixels: float) -> Bytes2:
    """A blur after which the edge is about so many pixels wider."""
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), pixels / 2, borderType=cv2.BORDER_REPLICATE))
