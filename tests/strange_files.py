"""Files that are legal and unreasonable, made by code."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


def many_scans(side: int = 3000, scans: int = 1500) -> bytes:
    """A legal progressive JPEG whose last scan is told again and again: small to send, minutes to decode."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((side, side)).save(buffer, "JPEG", progressive=True, quality=30)
    data = buffer.getvalue()[:-2]
    last = data.rindex(b"\xff\xda")
    return data + data[last:] * scans + b"\xff\xd9"


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes whose header promises that many one-bit pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(width // 8 + 1) * 400, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
