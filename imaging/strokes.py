"""Strokes of a person: what they mean for the pixels around them, up to the next edge of the photo.

A graph cut looks at the neighbourhood of the strokes on a small picture; its contour becomes a matte there, which is
then drawn along the edges of the large one, exactly as the embedded engine's is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from domain import Photo, Raster, Strokes
from imaging.cuts import INSIDE, MAYBE_INSIDE, MAYBE_OUTSIDE, OUTSIDE, cut
from imaging.matting import Window, enlarge
from imaging.raster import WHITE, Bytes2, Floats, flatten, raster_of, resize, shrink, view
from imaging.softening import softened

_HALF = WHITE // 2
_CUT_SIDE, _MATTE_SIDE = 320, 640
_REACH_SHARE = 0.07
_ROOM = 2
_ZONE_SHARE = 0.015
_BINS, _BLURS = 16, 2
_BIN = (WHITE + 1) // _BINS
_MUCH = 4


def strokes_of(painted: Raster) -> Strokes:
    """A painting as strokes: what is more green than red keeps, the rest erases."""
    pixels = flatten(painted) if painted.mode == "L" else view(painted)
    green = cv2.compare(cv2.extractChannel(pixels, 1), cv2.extractChannel(pixels, 0), cv2.CMP_GT)
    paint = cv2.extractChannel(pixels, 3) if painted.mode == "RGBA" else np.full_like(green, WHITE)
    return Strokes(raster_of(cv2.bitwise_and(paint, green)), raster_of(cv2.bitwise_and(paint, cv2.bitwise_not(green))))


def struck(photo: Photo, matte: Raster, strokes: Strokes) -> Raster:
    """The matte ("L", of the photo's size) after the strokes: 0 under the one kind, 255 under the other.

    Around them it changes as far as the photo's colours and edges say, and no further than a few per cent of the
    picture: nothing changes elsewhere.
    """
    if not strokes.any:
        return matte
    room = _room(strokes, photo.pixels.size)
    scene = _Scene(
        _crop(photo.pixels, room),
        np.ascontiguousarray(view(matte)[room.slices]),
        *(_part(view(mask), room, photo.pixels.size, room.size) for mask in (strokes.keep, strokes.erase)),
    )
    result = view(matte).copy()
    result[room.slices] = _struck(scene, _reach(photo.pixels.size))
    return raster_of(result)


def _reach(size: tuple[int, int]) -> float:
    """How far from its rim a stroke is felt, in pixels of the photo."""
    return max(max(size) * _REACH_SHARE, 6.0)


def _room(strokes: Strokes, size: tuple[int, int]) -> Window:
    """The part of the photo that is looked at: the strokes, and enough around them to know both sides' colours."""
    painted = cv2.max(view(strokes.keep), view(strokes.erase))
    left, top, width, height = cv2.boundingRect(painted)
    across, down = size[0] / strokes.keep.width, size[1] / strokes.keep.height
    box = Window(int(left * across), int(top * down), int((left + width) * across) + 1, int((top + height) * down) + 1)
    margin = round(_ROOM * _reach(size) + 0.25 * max(box.size))
    return box.grown(margin, *size)


def _part(mask: Bytes2, room: Window, size: tuple[int, int], to: tuple[int, int]) -> Bytes2:
    """What a mask of any resolution, which stands for a picture of `size`, shows of its `room`: at `to`, bilinear."""
    matrix = np.zeros((2, 3))
    for axis, start in ((0, room.left), (1, room.top)):
        scale, step = mask.shape[1 - axis] / size[axis], room.size[axis] / to[axis]
        matrix[axis, axis] = step * scale
        matrix[axis, 2] = (start + step / 2) * scale - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(mask, matrix, to, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _crop(pixels: Raster, room: Window) -> Bytes2:
    part = np.ascontiguousarray(view(pixels)[room.slices])
    return flatten(raster_of(part))


@dataclass(frozen=True, slots=True)
class _Scene:
    """A part of the photo with its matte and the strokes on it, all (height, width) or (height, width, 3)."""

    rgb: Bytes2
    old: Bytes2
    keep: Bytes2
    erase: Bytes2

    @property
    def size(self) -> tuple[int, int]:
        return self.rgb.shape[1], self.rgb.shape[0]

    def part(self, window: Window) -> _Scene:
        layers = (self.rgb, self.old, self.keep, self.erase)
        return _Scene(*(np.ascontiguousarray(layer[window.slices]) for layer in layers))


def _struck(scene: _Scene, reach: float) -> Bytes2:
    """The room's matte; `reach` in its pixels. Sides are found in all of the room, the matte only where one turns."""
    picture = shrink(scene.rgb, _CUT_SIDE)
    size = picture.shape[1], picture.shape[0]
    old, keep, erase = (resize(mask, size) for mask in (scene.old, scene.keep, scene.erase))
    before, after = _sides(picture, old, keep, erase, reach * size[0] / scene.size[0])
    radius = max(round(max(size) * _ZONE_SHARE), 2)
    changed = cv2.max(cv2.absdiff(before, after), cv2.max(keep, erase))
    window = _window(changed, 3 * radius, scene.size)
    zones = [_zone(cv2.subtract(*pair), radius) for pair in ((after, before), (before, after))]
    parts = [_part(one, window, scene.size, window.size) for one in zones]
    result = scene.old.copy()
    result[window.slices] = _turned(scene.part(window), _part(after, window, scene.size, _fit(window.size)), *parts)
    return result


def _turned(scene: _Scene, after: Bytes2, grown: Bytes2, gone: Bytes2) -> Bytes2:
    """The old matte with the new one where it gained and where it lost; the strokes themselves come last."""
    new = enlarge(softened(shrink(scene.rgb, _MATTE_SIDE), after), scene.rgb)
    gained = _mixed(scene.old, cv2.max(scene.old, new), grown)
    lost = _mixed(gained, cv2.min(gained, new), gone)
    return np.asarray(cv2.min(cv2.max(lost, scene.keep), cv2.bitwise_not(scene.erase)))


def _fit(size: tuple[int, int]) -> tuple[int, int]:
    """The size at which a window's matte is made."""
    scale = min(1.0, _MATTE_SIDE / max(size))
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def _window(changed: Bytes2, margin: int, size: tuple[int, int]) -> Window:
    """The box around what is not 0 in a small picture, with a margin, as pixels of the large one."""
    height, width = changed.shape
    left, top, across, down = cv2.boundingRect(changed)
    box = Window(left, top, left + across, top + down).grown(margin, width, height)
    wide, high = size[0] / width, size[1] / height
    right, bottom = min(round(box.right * wide), size[0]), min(round(box.bottom * high), size[1])
    return Window(round(box.left * wide), round(box.top * high), right, bottom)


def _sides(picture: Bytes2, old: Bytes2, keep: Bytes2, erase: Bytes2, reach: float) -> tuple[Bytes2, Bytes2]:
    """Masks (255 or 0) of the inside before and after; what turns hangs together with a stroke of its kind."""
    before = cv2.compare(old, _HALF, cv2.CMP_GT)
    kept, erased = (cv2.compare(mark, _HALF, cv2.CMP_GT) for mark in (keep, erase))
    wanted = cut(picture, _guess(_tones(picture), before, kept, erased, reach))
    to_inside = _touching(cv2.subtract(wanted, before), kept)
    to_outside = _touching(cv2.subtract(before, wanted), erased)
    return before, np.asarray(cv2.subtract(cv2.bitwise_or(before, to_inside), to_outside))


def _guess(tones: NDArray[np.intp], before: Bytes2, kept: Bytes2, erased: Bytes2, reach: float) -> Bytes2:
    """Sure of the strokes and of what they do not reach; within reach, what has a stroke's colours is thought to turn.

    Where the other side has those colours too nothing but the stroke tells them apart, and the guess is that they stay.
    """
    guess = np.where(before > 0, INSIDE, OUTSIDE).astype(np.uint8)
    for side, mark in ((before == 0, kept), (before > 0, erased)):
        near, turning = side & _near(mark, reach), _alike(tones, mark > 0, side & ~_near(mark, reach / 2))
        stays, turns = (MAYBE_OUTSIDE, MAYBE_INSIDE) if mark is kept else (MAYBE_INSIDE, MAYBE_OUTSIDE)
        guess[near] = np.where(turning[near], turns, stays)
    guess[kept > 0] = INSIDE
    guess[erased > 0] = OUTSIDE
    return guess


def _tones(picture: Bytes2) -> NDArray[np.intp]:
    """Each pixel's place in a Lab histogram of 16 x 16 x 16 bins."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2Lab).astype(np.intp) // _BIN
    return np.asarray((lab[..., 0] * _BINS + lab[..., 1]) * _BINS + lab[..., 2])


def _alike(tones: NDArray[np.intp], mark: NDArray[np.bool_], others: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True where a colour is much commoner under the mark than among the others."""
    return np.asarray((_commonness(tones[mark]) > _MUCH * _commonness(tones[others]))[tones])


def _commonness(tones: NDArray[np.intp]) -> Floats:
    """Shares of the histogram's bins, blurred over their neighbours; flat."""
    counts = np.bincount(tones, minlength=_BINS**3).reshape((_BINS,) * 3) / max(len(tones), 1)
    for axis in (0, 1, 2) * _BLURS:
        counts = counts / 2 + (np.roll(counts, 1, axis) + np.roll(counts, -1, axis)) / 4
    return np.asarray(counts.reshape(-1), np.float32)


def _near(mark: Bytes2, reach: float) -> NDArray[np.bool_]:
    """True within `reach` of the mark."""
    away = cv2.distanceTransform(cv2.bitwise_not(mark), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(away <= reach) & bool(mark.any())


def _touching(turned: Bytes2, mark: Bytes2) -> Bytes2:
    """The connected parts of `turned` (255 or 0) that the mark touches."""
    _, labels = cv2.connectedComponents(cv2.bitwise_or(turned, mark), connectivity=4)
    touched = np.unique(labels[mark > 0])
    return np.where(np.isin(labels, touched) & (turned > 0), WHITE, 0).astype(np.uint8)


def _zone(turned: Bytes2, radius: int) -> Bytes2:
    """Where the new matte counts: what turned, with its soft edge."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.blur(cv2.dilate(turned, kernel), (3, 3)))


def _mixed(old: Bytes2, new: Bytes2, share: Bytes2) -> Bytes2:
    """`new` as far as `share` (0 to 255) says, else `old`; exact at both ends."""
    more = cv2.multiply(cv2.subtract(new, old), share, scale=1 / WHITE)
    less = cv2.multiply(cv2.subtract(old, new), share, scale=1 / WHITE)
    return np.asarray(cv2.subtract(cv2.add(old, more), less))
