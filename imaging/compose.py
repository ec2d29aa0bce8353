"""A cutout on the canvas of a listing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from domain import BackgroundKind, Composition, Cutout, ExportOptions, Raster
from errors import NothingToShow
from imaging.backdrops import backdrop, shade
from imaging.canvas import Spot
from imaging.geometry import Size
from imaging.raster import WHITE, Bytes2, raster_of, view

_VISIBLE = 13  # 5 % of 255: fainter dust does not make the product larger
Place = Callable[[Size], Spot]


def compose(cutout: Cutout, place: Place, options: ExportOptions, picture: Raster | None = None) -> Composition:
    """Crop to the product, scale it into its spot, lay it over its background. Pixels that are opaque and not scaled
    are the cutout's own. Raises `NothingToShow` and `BackgroundMissing`.
    """
    product = _cropped(view(cutout.pixels))
    spot = place((product.shape[1], product.shape[0]))
    light, cover = _scaled(product, spot.box[2:])
    ground = backdrop(spot.size, options.background, picture)
    matte = np.zeros(ground.shape[:2], np.uint8)
    rows, columns = _slices(spot.box)
    matte[rows, columns] = cover
    if options.shadow:
        shade(ground, matte, spot.box)
    ground[rows, columns] = _over(light, cover, ground[rows, columns])
    drawn = options.background.kind is BackgroundKind.PICTURE and options.background.generated
    return Composition(raster_of(ground), raster_of(matte), spot.scale, drawn)


def _cropped(rgba: Bytes2) -> Bytes2:
    seen = cv2.inRange(cv2.extractChannel(rgba, 3), _VISIBLE, WHITE)
    left, top, width, height = cv2.boundingRect(seen)
    if not width:
        raise NothingToShow
    return rgba[top : top + height, left : left + width]


def _scaled(product: Bytes2, size: tuple[int, ...]) -> tuple[Bytes2, Bytes2]:
    """Colours times alpha (height, width, 3), and alpha: so hidden colours do not come in when pixels are averaged."""
    alpha = cv2.extractChannel(product, 3)
    colours = product[..., :3].copy()
    light = cv2.multiply(colours, cv2.merge([alpha] * 3), dst=colours, scale=1 / WHITE)
    if (alpha.shape[1], alpha.shape[0]) == tuple(size):
        return np.asarray(light), np.asarray(alpha)
    smaller = size[0] < alpha.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    scaled = (np.asarray(cv2.resize(one, size, interpolation=way)) for one in (light, alpha))
    return next(scaled), next(scaled)


def _over(light: Bytes2, cover: Bytes2, ground: Bytes2) -> Bytes2:
    behind = cv2.multiply(np.ascontiguousarray(ground), cv2.merge([cv2.bitwise_not(cover)] * 3), scale=1 / WHITE)
    return np.asarray(cv2.add(light, behind))


def _slices(box: tuple[int, int, int, int]) -> tuple[slice, slice]:
    left, top, width, height = box
    return slice(top, top + height), slice(left, left + width)
