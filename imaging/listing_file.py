"""A composition as a file: the best quality under a limit of bytes, tagged sRGB, and no metadata but what must be."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from domain import Composition, FileFormat
from imaging.provenance import PACKET
from imaging.raster import view

BEST_QUALITY: Final = 95
LEAST_QUALITY: Final = 70
_DATE = slice(24, 36)
"""Where an ICC profile keeps the moment it was made: blank, so that equal pixels give equal files."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file's bytes; `quality` is None where nothing is lost."""

    data: bytes = field(repr=False)
    file_format: FileFormat
    quality: int | None


def write(
    composition: Composition, file_format: FileFormat, most_bytes: float = float("inf"), least_quality: int = 1
) -> Written | None:
    """None when no quality from `least_quality` (at least 70) up to 95 brings the file under the limit."""
    image = Image.fromarray(np.asarray(view(composition.pixels)))
    if file_format is FileFormat.PNG:
        data = _png(image, generated=composition.generated)
        return Written(data, file_format, None) if len(data) <= most_bytes else None

    def at(quality: int) -> bytes:
        return _lossy(image, file_format, quality, generated=composition.generated)

    return _best(at, file_format, most_bytes, max(least_quality, LEAST_QUALITY))


def _best(at: Callable[[int], bytes], file_format: FileFormat, most_bytes: float, least: int) -> Written | None:
    """Halving: the size grows with the quality. Nearly always the first try fits."""
    low, high, best = least, max(BEST_QUALITY, least), None
    quality = high
    while low <= high:
        data = at(quality)
        if len(data) <= most_bytes:
            best, low = Written(data, file_format, quality), quality + 1
        else:
            high = quality - 1
        quality = (low + high + 1) // 2
    return best


def _lossy(image: Image.Image, file_format: FileFormat, quality: int, *, generated: bool) -> bytes:
    options: dict[str, Any] = {"quality": quality, "icc_profile": srgb_profile()}
    if file_format is FileFormat.JPEG:
        options["subsampling"] = 0  # and no "optimize": Pillow's buffer for it is too small for grainy pictures
    if generated:
        options["xmp"] = PACKET
    return _saved(image, file_format, options)


def _png(image: Image.Image, *, generated: bool) -> bytes:
    options: dict[str, Any] = {"icc_profile": srgb_profile()}
    if generated:
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", PACKET.decode())
    return _saved(image, FileFormat.PNG, options)


def _saved(image: Image.Image, file_format: FileFormat, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format.value, **options)
    return buffer.getvalue()


@cache
def srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_DATE] = bytes(_DATE.stop - _DATE.start)
    return bytes(profile)
