"""Any provider's picture becomes a cutout of the original's own pixels at the original's size."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from domain import Cutout, Likeness, Measures, OutputKind, Photo, ProviderOutput, Raster
from imaging.edges import around, clean
from imaging.geometry import Geometry, Size, undo
from imaging.guide import follow
from imaging.matting import Window, enlarge
from imaging.measures import foreign, measure, stored_colours
from imaging.raster import WHITE, Bytes2, flatten, raster_of, view

_GREY = 24  # levels
_FEW, _UNSURE = 0.01, 0.25  # shares of pixels


@dataclass(frozen=True, slots=True)
class Cut:
    """A cutout with what the gate looks at; `likeness` only where the model drew a picture of its own."""

    cutout: Cutout
    measures: Measures
    likeness: Likeness | None = None


def cut_out(photo: Photo, output: ProviderOutput, geometry: Geometry) -> Cut:
    """The cutout of any output, and its measures. A generated picture is only a guide: see `imaging.guide`."""
    likeness, output = None, as_it_came(output)
    if output.kind is OutputKind.ON_WHITE:
        guided = follow(photo, output.pixels, geometry, _native_size(output.pixels.size, geometry))
        matte, likeness = guided.matte, guided.likeness
    else:
        matte = placed_matte(output, geometry)
    cutout = _with_matte(photo, matte)
    return Cut(cutout, replace(measure(cutout, photo), foreign=foreign(photo, cutout)), likeness)


def make_cutout(photo: Photo, output: ProviderOutput, geometry: Geometry) -> Cutout:
    """RGBA at the photo's size: alpha from the output, brought up along the photo's edges; colours from the photo.

    Pixels with alpha 255 are exactly the photo's; alpha is never above the photo's own.
    """
    return cut_out(photo, output, geometry).cutout


def as_it_came(output: ProviderOutput) -> ProviderOutput:
    """What was to be transparent and is not: a matte, if it is grey and sure like one, else a picture of its own."""
    if output.kind is not OutputKind.RGBA or output.pixels.mode == "RGBA":
        return output
    return replace(output, kind=OutputKind.MASK if _is_matte(output.pixels) else OutputKind.ON_WHITE)


def _is_matte(pixels: Raster) -> bool:
    """Grey but for the noise of a JPEG, and nearly all of it black or white."""
    seen = view(pixels) if pixels.mode == "L" else flatten(pixels)
    if seen.ndim == 3:
        coloured = np.ptp(seen.astype(np.int16), axis=2) > _GREY
        if coloured.mean() > _FEW:
            return False
        seen = seen[..., 0]
    return bool(((seen > _GREY) & (seen < WHITE - _GREY)).mean() < _UNSURE)


def _with_matte(photo: Photo, matte: Bytes2) -> Cutout:
    alpha = _within(enlarge(matte, flatten(photo.pixels)), photo.pixels)
    colours = clean(stored_colours(photo.pixels), alpha)
    return Cutout(raster_of(cv2.merge([*cv2.split(colours), alpha])))


def cut_again(photo: Photo, old: Cutout, matte: Raster) -> Cutout:
    """`old` with another matte ("L", of the photo's size): only what is around a change is made anew."""
    was = view(old.pixels)
    alpha = _within(view(matte), photo.pixels)
    left, top, width, height = cv2.boundingRect(cv2.absdiff(alpha, cv2.extractChannel(was, 3)))
    if not width:
        return old
    part = around(Window(left, top, left + width, top + height), *photo.pixels.size)
    result = was.copy()
    result[part.slices] = np.dstack([clean(stored_colours(photo.pixels), alpha, part), alpha[part.slices]])
    return Cutout(raster_of(result))


def placed_matte(output: ProviderOutput, geometry: Geometry) -> Bytes2:
    """The output's own matte in the photo's frame, at the scale in which it came back (never above the photo's)."""
    rgba = output.kind is OutputKind.RGBA
    matte = cv2.extractChannel(view(output.pixels), 3) if rgba else _grey(output.pixels)
    return np.asarray(undo(matte, geometry, _native_size(output.pixels.size, geometry)))


def _native_size(came: Size, geometry: Geometry) -> Size:
    """How large the photo's part of the output is, in the photo's proportions."""
    scales = (came[i] / geometry.sent[i] * geometry.box[i + 2] / geometry.source[i] for i in (0, 1))
    scale = min(1.0, *scales)
    return max(round(geometry.source[0] * scale), 1), max(round(geometry.source[1] * scale), 1)


def _grey(pixels: Raster) -> Bytes2:
    """A matte is grey, whatever its file says."""
    return view(pixels) if pixels.mode == "L" else np.asarray(cv2.cvtColor(flatten(pixels), cv2.COLOR_RGB2GRAY))


def _within(alpha: Bytes2, pixels: Raster) -> Bytes2:
    return np.asarray(cv2.min(alpha, view(pixels)[..., 3].copy())) if pixels.mode == "RGBA" else alpha
