"""The matte of a generated picture, brought to the photo it was made from; and how the two pictures compare."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from domain import Likeness, Photo, Raster
from imaging.align import Alignment, Matrix, align
from imaging.engine import studio_matte
from imaging.geometry import Geometry, Size, undo
from imaging.likeness import Scene, likeness
from imaging.raster import Bytes2, flatten, resize, shrink
from imaging.removal import corrected

_ROOM = 0.08
_WORK_SIDE = 900
_STRETCHED = 1.02


@dataclass(frozen=True, slots=True)
class Guided:
    """`matte` (height, width) lies in the photo's frame, at the scale in which the picture came back."""

    matte: Bytes2
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class _Room:
    """The photo's frame at `size` with `margin` (across, down) more on every side, for what moved out of it."""

    size: Size
    margin: Size

    @property
    def inner(self) -> tuple[slice, slice]:
        (width, height), (across, down) = self.size, self.margin
        return slice(down, down + height), slice(across, across + width)

    def around(self, rgb: Bytes2) -> Bytes2:
        across, down = self.margin
        inside = resize(rgb, self.size)
        return np.asarray(cv2.copyMakeBorder(inside, down, down, across, across, cv2.BORDER_REPLICATE))

    def placed(self, picture: Bytes2, geometry: Geometry) -> Bytes2:
        """What came back, padding and stretch undone, as far as the room reaches."""
        left, top, width, height = geometry.box
        across, down = (round(self.margin[i] / self.size[i] * geometry.box[i + 2]) for i in (0, 1))
        box = left - across, top - down, width + 2 * across, height + 2 * down
        whole = self.size[0] + 2 * self.margin[0], self.size[1] + 2 * self.margin[1]
        return np.asarray(undo(picture, Geometry(geometry.source, geometry.sent, box), whole))


def follow(photo: Photo, pixels: Raster, geometry: Geometry, size: Size) -> Guided:
    """`pixels` are the picture on white; `size` is how large the photo's part of them is."""
    picture = _in_proportion(flatten(pixels), geometry)
    room = _Room(size, (round(size[0] * _ROOM), round(size[1] * _ROOM)))
    here, there = room.around(flatten(photo.pixels)), room.placed(picture, geometry)
    matte = room.placed(studio_matte(picture), geometry)
    small = [shrink(layer, _WORK_SIDE) for layer in (here, there, matte)]
    alignment = align(small[0], small[1], small[2], _whole(geometry, pixels.size, small[2]))
    came = Scene(here, there, matte)
    fitted = _within(Scene(here, _moved(there, alignment), _moved(matte, alignment)), room)
    final = replace(fitted, matte=corrected(fitted.photo, fitted.picture, fitted.matte))
    found = likeness(_within(came, room), final, alignment, _aspect_change(geometry, pixels.size))
    return Guided(final.matte, found)


def _in_proportion(picture: Bytes2, geometry: Geometry) -> Bytes2:
    """A picture squeezed to another aspect, with the proportions that were sent: a matte found in the squeezed one
    would have no more than a third of its detail across.
    """
    height, width = picture.shape[:2]
    if _aspect_change(geometry, (width, height)) < _STRETCHED:
        return picture
    scale = (width * height / (geometry.sent[0] * geometry.sent[1])) ** 0.5
    wider, taller = (max(round(side * scale), 1) for side in geometry.sent)
    averaged = resize(picture, (min(wider, width), min(taller, height)))
    return np.asarray(cv2.resize(averaged, (wider, taller), interpolation=cv2.INTER_CUBIC))


def _within(scene: Scene, room: _Room) -> Scene:
    return Scene(*(layer[room.inner] for layer in (scene.photo, scene.picture, scene.matte)))


def _moved(layer: Bytes2, alignment: Alignment) -> Bytes2:
    size = layer.shape[1], layer.shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(layer, alignment.at(size), size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _aspect_change(geometry: Geometry, came: Size) -> float:
    """The aspect ratio that came back over the one that was sent, or the other way round: at least 1."""
    change = came[0] / came[1] * geometry.sent[1] / geometry.sent[0]
    return max(change, 1 / change)


def _whole(geometry: Geometry, came: Size, frame: Bytes2) -> list[Matrix]:
    """Drifts for a model that kept proportions where it changed the aspect: it made room, or it cut off."""
    if _aspect_change(geometry, came) < _STRETCHED:
        return []
    scales = [came[i] / geometry.sent[i] for i in (0, 1)]
    middle = (np.array(frame.shape[::-1]) - 1) / 2
    linear = [np.diag([one / scales[0], one / scales[1]]) for one in (min(scales), max(scales))]
    return [np.column_stack([part, middle - part @ middle]) for part in linear]
