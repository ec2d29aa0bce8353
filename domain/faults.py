"""What may be wrong with a photo, and with the database, in one word each."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """What is wrong with the database."""

    LOCKED = "locked"
    READ_ONLY = "read_only"
    FULL = "full"
    MISSING = "missing"
    CORRUPT = "corrupt"
    NEWER = "newer"
    OTHER = "other"


class PhotoFault(StrEnum):
    """What is wrong with an upload, as the sentence to show says it."""

    EMPTY = "photo_empty"
    NOT_A_PICTURE = "photo_not_a_picture"
    VECTOR = "photo_vector"
    UNSUPPORTED = "photo_unsupported"
    PREVIEW = "photo_preview"
    DAMAGED = "photo_damaged"
    TOO_MANY_BYTES = "photo_too_many_bytes"
    TOO_MANY_PIXELS = "photo_too_many_pixels"
    TOO_SMALL = "photo_too_small"
    TOO_NARROW = "photo_too_narrow"
    TRANSPARENT = "photo_transparent"
    TOO_HARD = "photo_too_hard"
    MISSING = "photo_missing"
    ELSEWHERE = "photo_elsewhere"
    ADDRESS_REFUSED = "photo_address_refused"
    ADDRESS_FAILED = "photo_address_failed"
    BUSY = "busy"
