"""A token inside a picture, where no decoder minds it: so a purchase can be found again by its input.

What is embedded in a request carries the token in the picture; what is uploaded has an address of its own.
"""

from __future__ import annotations

import base64
import zlib

PNG_HEAD = 33  # bytes: the signature and the header chunk, after which a text chunk may stand
HEAD = 400  # characters of base64 in which a token stands, if there is one


def marked(picture: bytes, token: str) -> bytes:
    """The same PNG or JPEG with the token in a text chunk or a comment."""
    if picture.startswith(b"\x89PNG"):
        return picture[:PNG_HEAD] + _chunk(b"tEXt", b"origin\0" + token.encode()) + picture[PNG_HEAD:]
    comment = token.encode()
    return picture[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + picture[2:]


def carries(value: object, token: str) -> bool:
    """Whether an input is the upload of that address, or a data URI of a picture that was marked."""
    if not isinstance(value, str):
        return False
    if not value.startswith("data:"):
        return value == token
    try:
        return token.encode() in base64.b64decode(value.partition(",")[2][:HEAD])
    except ValueError:  # no base64, or not even ASCII
        return False


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
