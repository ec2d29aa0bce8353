"""What a file is, by its first bytes: its name and its declared type are never asked."""

from __future__ import annotations

import re
from enum import StrEnum

from errors import InvalidPhoto, PhotoFault


class Container(StrEnum):
    """The formats that are decoded; the values are Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    AVIF = "AVIF"
    HEIF = "HEIF"
    BMP = "BMP"
    TIFF = "TIFF"


_SIGNATURES = (
    (b"\xff\xd8\xff", Container.JPEG),
    (b"\x89PNG\r\n\x1a\n", Container.PNG),
    (b"GIF87a", Container.GIF),
    (b"GIF89a", Container.GIF),
    (b"BM", Container.BMP),
    (b"II*\x00", Container.TIFF),
    (b"MM\x00*", Container.TIFF),
)
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_OTHER_PICTURES = (
    (b"8BPS", "PSD"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"II+\x00", "BigTIFF"),
    (b"MM\x00+", "BigTIFF"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"FUJIFILMCCD-RAW", "RAW"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"icns", "ICNS"),
    (b"gimp xcf", "XCF"),
    (b"\x01\xda\x00\x01", "SGI"),
    (b"\x01\xda\x01\x01", "SGI"),
    (b"II\x1a\x00\x00\x00HEAPCCDR", "RAW"),
    (b"IIRO", "RAW"),
    (b"IIU\x00", "RAW"),
)
_RAW_IN_TIFF = b"CR"  # Canon's, at byte 8
_RAW_BRAND = b"ftypcrx "
_PPM = re.compile(rb"P[1-7]\s+(#|\d|WIDTH)")
_TGA_END = b"TRUEVISION-XFILE.\x00"
_TGA_START = re.compile(  # in colours or of a palette, 8 to 32 bits a pixel
    rb".(?:\x00[\x02\x03\x0a\x0b]\x00{5}|\x01[\x01\x09].{5}).{8}[\x08\x0f\x10\x18\x20]", re.DOTALL
)
_HEAD = 2048


def container_of(data: bytes) -> Container:
    """The format of a file's bytes; raises `InvalidPhoto` with what it is instead."""
    if not data:
        raise InvalidPhoto(PhotoFault.EMPTY)
    container = _by_signature(data) or _by_riff(data) or _by_brand(data)
    if container is None:
        raise _objection(data)
    if container is Container.TIFF and data[8:10] == _RAW_IN_TIFF:
        raise InvalidPhoto(PhotoFault.UNSUPPORTED, format="RAW")
    return container


def _by_signature(data: bytes) -> Container | None:
    return next((container for magic, container in _SIGNATURES if data.startswith(magic)), None)


def _by_riff(data: bytes) -> Container | None:
    return Container.WEBP if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _by_brand(data: bytes) -> Container | None:
    """HEIF and AVIF share a box structure and tell each other apart by the brands of its first box."""
    if data[4:8] != b"ftyp":
        return None
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = {box[:4], *(box[at : at + 4] for at in range(8, len(box), 4))}
    if brands & _AVIF_BRANDS:
        return Container.AVIF
    return Container.HEIF if brands & _HEIF_BRANDS else None


def _objection(data: bytes) -> InvalidPhoto:
    head = data[:_HEAD]
    name = next((name for magic, name in _OTHER_PICTURES if head.startswith(magic)), None)
    name = name or _by_shape(data)
    if name is not None:
        return InvalidPhoto(PhotoFault.UNSUPPORTED, format=name)
    return InvalidPhoto(PhotoFault.VECTOR if _looks_like_svg(head) else PhotoFault.NOT_A_PICTURE)


def _by_shape(data: bytes) -> str | None:
    """Formats without a signature at their start."""
    if data[4:12] == _RAW_BRAND:
        return "RAW"
    if _PPM.match(data):
        return "PPM"
    return "TGA" if data.endswith(_TGA_END) or _TGA_START.match(data) else None


def _looks_like_svg(head: bytes) -> bool:
    """An <svg> tag at the start, or after XML's preliminaries; an HTML page with one inside is no drawing."""
    text = head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n").lower()
    return text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in text)
