"""What a finished file really is, measured from its bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, JpegImagePlugin

from domain import Composition, FileFacts
from imaging.colour import is_srgb
from imaging.decode import decode_picture
from imaging.formats import Container, container_of
from imaging.provenance import PACKET, digital_source
from imaging.raster import WHITE, Bytes2, flatten, view

_DIFFERS = 12
"""Levels of 255 in some channel from which a pixel is not the background's: what JPEG adds stays below."""
_EVEN = 0.99
_BLOCK, _SHARED_BLOCK = 8, 17
"""Pixels around the product to which a lossy format spreads its edge; more where four pixels share their colour."""
_GPS, _HALF = 0x8825, 127

Box = tuple[int, int, int, int]
"""Left, top, width, height."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """Boolean pictures (height, width): the product and its box, and the background; None where it cannot be told."""

    box: Box | None
    background: Bytes2 | None


def examine(data: bytes, composition: Composition | None = None) -> FileFacts:
    """The facts of a file. What it was made from, when known, only says which pixels may be the product's (a shadow or
    a picture behind it are not) and tells the two facts that no pixel shows: scale, and whether AI was at work.
    Raises `InvalidPhoto`.
    """
    picture = decode_picture(data)
    rgb = flatten(picture)
    matte = view(composition.matte) if composition else None
    container = container_of(data)
    with Image.open(io.BytesIO(data), formats=(container.value,)) as header:
        seen = _seen(rgb, matte, _halo(container, header))
        return FileFacts(
            file_format=container.value,
            size_bytes=len(data),
            width=picture.width,
            height=picture.height,
            opaque=picture.mode != "RGBA",
            jpeg_quality=_quality(header),
            frame_white=_white(_frame(rgb)),
            fill=_fill(seen.box, picture.size),
            margins=_margins(seen.box, picture.size),
            srgb=is_srgb(header.info.get("icc_profile") or b""),
            leftovers=_leftovers(header),
            digital_source=digital_source(_xmp(header)),
            scale=composition.scale if composition else None,
            generated=composition.generated if composition else None,
            **_background(rgb, seen.background),
        )


def _halo(container: Container, header: Image.Image) -> int:
    if container is Container.JPEG:
        return _BLOCK if JpegImagePlugin.get_sampling(header) == 0 else _SHARED_BLOCK
    return _SHARED_BLOCK if container is Container.WEBP else 0


def _seen(rgb: Bytes2, matte: Bytes2 | None, halo: int) -> _Seen:
    """On an even background the product is what differs from it; elsewhere only its matte tells."""
    ground = np.median(_frame(rgb), axis=0)
    differs = _unlike(rgb, ground)
    even = float(np.mean(_frame(differs) == 0)) >= _EVEN
    if matte is None:
        return _Seen(_box(differs), _around(differs, halo)) if even else _Seen(None, None)
    product = cv2.bitwise_and(differs, cv2.compare(matte, 0, cv2.CMP_GT)) if even else cv2.compare(matte, _HALF, 1)
    return _Seen(_box(product), _around(matte, halo))


def _unlike(rgb: Bytes2, ground: Any) -> Bytes2:
    """255 where some channel is further from the ground's than noise."""
    low, high = (tuple(float(value) for value in ground + step) for step in (-_DIFFERS, _DIFFERS))
    return np.asarray(cv2.bitwise_not(cv2.inRange(rgb, low, high)))


def _around(product: Bytes2, halo: int) -> Bytes2:
    """255 outside of the product and of what surrounds it."""
    inside = cv2.compare(product, 0, cv2.CMP_GT)
    if halo:
        inside = cv2.dilate(inside, np.ones((2 * halo + 1, 2 * halo + 1), np.uint8))
    return np.asarray(cv2.bitwise_not(inside))


def _box(mask: Bytes2) -> Box | None:
    left, top, width, height = cv2.boundingRect(mask)
    return (left, top, width, height) if width else None


def _frame(array: Bytes2) -> Bytes2:
    """The outermost pixels in one row."""
    return np.concatenate([array[0], array[-1], array[1:-1, 0], array[1:-1, -1]])


def _white(pixels: Bytes2) -> float:
    """Share of pixels (n, 3) that are exactly #FFFFFF."""
    return float((pixels.min(axis=-1) == WHITE).mean())


def _background(rgb: Bytes2, background: Bytes2 | None) -> dict[str, Any]:
    if background is None or not cv2.hasNonZero(background):
        return {"background_white": None, "background_spread": None}
    channels = cv2.split(rgb)
    least, most = (fold(fold(channels[0], channels[1]), channels[2]) for fold in (cv2.min, cv2.max))
    white = cv2.bitwise_and(cv2.compare(least, WHITE, cv2.CMP_EQ), background)
    spread = cv2.bitwise_and(cv2.subtract(most, least), background)
    share = cv2.countNonZero(white) / cv2.countNonZero(background)
    return {"background_white": share, "background_spread": int(spread.max())}


def _fill(box: Box | None, size: tuple[int, int]) -> float | None:
    return max(box[2] / size[0], box[3] / size[1]) if box else None


def _margins(box: Box | None, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    if box is None:
        return None
    left, top, width, height = box
    return left, top, size[0] - left - width, size[1] - top - height


def _quality(header: Image.Image) -> int | None:
    """The quality whose luminance table is as coarse as the file's."""
    tables = getattr(header, "quantization", None)
    if not tables:
        return None
    coarse = sum(tables[min(tables)])
    return min(range(100, 0, -1), key=lambda quality: abs(_table_sum(quality) - coarse))


def _table_sum(quality: int) -> int:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return sum(min(max((value * scale + 50) // 100, 1), 255) for value in _LUMINANCE)


def _xmp(header: Image.Image) -> bytes:
    stated = header.info.get("xmp") or header.info.get("XML:com.adobe.xmp") or b""
    return stated.encode() if isinstance(stated, str) else bytes(stated)


def _leftovers(header: Image.Image) -> tuple[str, ...]:
    exif = header.getexif()
    there = {
        "gps": _GPS in exif,
        "exif": bool(exif),
        "xmp": _xmp(header) not in (b"", PACKET),
        "iptc": "photoshop" in header.info,
        "comment": bool(header.info.get("comment")),
        "text": bool({*getattr(header, "text", {})} - {"XML:com.adobe.xmp"}),
    }
    return tuple(name for name, found in there.items() if found)


_LUMINANCE: Final = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29),
    *(51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121),
    *(120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)
