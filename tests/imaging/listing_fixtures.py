"""Files that lie exactly on a rule, and others that miss it by one pixel, one level of colour or one byte."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from domain import BackgroundRule, Composition, FileFormat, Passing, Rule, RuleKind
from imaging.provenance import PACKET
from tests.photos import raster

SIDE = 1000
"""Of a canvas on which shares are whole numbers of pixels."""
INK = 40


class Case(NamedTuple):
    told: str
    data: bytes
    expected: Passing
    composition: Composition | None = None


def canvas(width: int, height: int, product: tuple[int, int] = (8, 8)) -> np.ndarray:
    """White, with a dark rectangle of `product` pixels in the middle."""
    picture = np.full((height, width, 3), 255, np.uint8)
    left, top = (width - product[0]) // 2, (height - product[1]) // 2
    picture[top : top + product[1], left : left + product[0]] = INK
    return picture


def file_of(picture: np.ndarray, kind: str = "PNG", **save: Any) -> bytes:
    buffer = io.BytesIO()
    options = {"compress_level": 1} if kind == "PNG" else {}
    Image.fromarray(picture).save(buffer, kind, **options, **save)
    return buffer.getvalue()


def touched(picture: np.ndarray, row: int, column: int, colour: tuple[int, ...]) -> np.ndarray:
    changed = picture.copy()
    changed[row, column] = colour
    return changed


def _sizes(*sizes: tuple[int, int, Passing]) -> Iterator[Case]:
    for width, height, expected in sizes:
        yield Case(f"{width}x{height}", file_of(canvas(width, height)), expected)


def _min_size(value: tuple[int, int]) -> Iterator[Case]:
    width, height = value
    on, narrow, low = (width, height), (width - 1, height), (width, height - 1)
    yield from _sizes((*on, Passing.PASS), (*narrow, Passing.FAIL), (*low, Passing.FAIL))


def _min_side(value: int) -> Iterator[Case]:
    long = value + 200
    yield from _sizes((value, long, Passing.PASS), (value - 1, long, Passing.FAIL), (long, value - 1, Passing.FAIL))


def _min_long_side(value: int) -> Iterator[Case]:
    short = value // 2
    yield from _sizes((value, short, Passing.PASS), (short, value, Passing.PASS), (value - 1, short, Passing.FAIL))


def _max_long_side(value: int) -> Iterator[Case]:
    yield from _sizes((value, 300, Passing.PASS), (300, value, Passing.PASS), (value + 1, 300, Passing.FAIL))


def _max_megapixels(_value: float) -> Iterator[Case]:
    """No file: such a one would take half a gigabyte. The test changes the facts of a small one."""
    yield from ()


def _aspect(value: str) -> Iterator[Case]:
    width, height = (300 * int(part) for part in value.split(":"))
    on, wide, narrow = (width, height), (width + 1, height), (width - 1, height)
    yield from _sizes((*on, Passing.PASS), (*wide, Passing.FAIL), (*narrow, Passing.FAIL))
    yield from _sizes((width, height + 1, Passing.FAIL), (width, height - 1, Passing.FAIL))


def _background(value: str) -> Iterator[Case]:
    makers = {
        BackgroundRule.WHITE: _white,
        BackgroundRule.NEUTRAL: _neutral,
        BackgroundRule.OPAQUE: _opaque,
    }
    yield from makers[BackgroundRule(value)]()


def _white() -> Iterator[Case]:
    white = canvas(400, 300, (200, 100))
    for kind in ("PNG", "JPEG"):
        yield Case(f"all white, {kind}", file_of(white, kind), Passing.PASS)
    for channel in range(3):
        off = tuple(255 - (channel == one) for one in range(3))
        yield Case(f"{off} in the frame", file_of(touched(white, 0, 7, off)), Passing.FAIL)
        yield Case(f"{off} inside", file_of(touched(white, 30, 30, off)), Passing.FAIL)
    yield Case("nearly white all over", file_of(np.minimum(white, 254)), Passing.FAIL)


def _neutral() -> Iterator[Case]:
    for colour, expected in (((210, 210, 213), Passing.PASS), ((210, 210, 214), Passing.UNKNOWN)):
        picture = canvas(400, 300, (200, 100))
        picture[picture.min(axis=2) == 255] = colour
        yield Case(f"{colour} behind", file_of(picture), expected)


def _opaque() -> Iterator[Case]:
    solid = np.dstack([canvas(400, 300, (200, 100)), np.full((300, 400), 255, np.uint8)])
    yield Case("alpha 255 all over", file_of(solid), Passing.PASS)
    yield Case("alpha 254 once", file_of(touched(solid, 9, 9, (255, 255, 255, 254))), Passing.FAIL)


def _fills(value: float, beyond: int) -> Iterator[Case]:
    """`beyond` pixels of a thousand more is a miss."""
    long = round(value * SIDE)
    for told, side, expected in (("on", long, Passing.PASS), ("a pixel off", long + beyond, Passing.FAIL)):
        yield Case(f"{told}, across", file_of(canvas(SIDE, SIDE, (side, 300))), expected)
        yield Case(f"{told}, down", file_of(canvas(SIDE, SIDE, (300, side))), expected)


def _min_margin(value: float) -> Iterator[Case]:
    room = round(value * SIDE)
    for told, side, expected in (("on", SIDE - 2 * room, Passing.PASS), ("off", SIDE - 2 * room + 2, Passing.FAIL)):
        yield Case(told, file_of(canvas(SIDE, SIDE, (side, 300))), expected)


def _formats(value: tuple[str, ...]) -> Iterator[Case]:
    picture = canvas(320, 240)
    for kind in (*FileFormat, "AVIF"):
        yield Case(str(kind), file_of(picture, str(kind)), Passing.PASS if kind in value else Passing.FAIL)


def _min_jpeg_quality(value: int) -> Iterator[Case]:
    picture = canvas(320, 240, (200, 100))
    for quality, expected in ((value, Passing.PASS), (value - 1, Passing.FAIL)):
        yield Case(f"quality {quality}", file_of(picture, "JPEG", quality=quality), expected)
    yield Case("PNG", file_of(picture), Passing.PASS)


def _max_mb(value: float) -> Iterator[Case]:
    data = file_of(canvas(320, 240))
    room = int(value * 1e6) - len(data)
    yield Case("on the byte", data + bytes(room), Passing.PASS)
    yield Case("a byte over", data + bytes(room + 1), Passing.FAIL)


def _ai_metadata(_value: bool) -> Iterator[Case]:
    picture = canvas(320, 240)
    matte = raster(np.zeros((240, 320), np.uint8))
    for generated, marked, expected in (
        (True, True, Passing.PASS),
        (True, False, Passing.FAIL),
        (False, False, Passing.PASS),
    ):
        data = file_of(picture, "JPEG", **({"xmp": PACKET} if marked else {}))
        yield Case(
            f"generated {generated}, {marked}", data, expected, Composition(raster(picture), matte, 1, generated)
        )
    yield Case("nobody knows", file_of(picture), Passing.UNKNOWN)


def _unseen(_value: object) -> Iterator[Case]:
    yield Case("any file", file_of(canvas(320, 240)), Passing.UNKNOWN)


FIXTURES: dict[RuleKind, Callable[[Any], Iterator[Case]]] = {
    RuleKind.MIN_SIZE: _min_size,
    RuleKind.MIN_SIDE: _min_side,
    RuleKind.MIN_LONG_SIDE: _min_long_side,
    RuleKind.MAX_LONG_SIDE: _max_long_side,
    RuleKind.MAX_MEGAPIXELS: _max_megapixels,
    RuleKind.ASPECT: _aspect,
    RuleKind.BACKGROUND: _background,
    RuleKind.MIN_FILL: lambda value: _fills(value, -1),
    RuleKind.MAX_FILL: lambda value: _fills(value, 1),
    RuleKind.MIN_MARGIN: _min_margin,
    RuleKind.FORMATS: _formats,
    RuleKind.MIN_JPEG_QUALITY: _min_jpeg_quality,
    RuleKind.MAX_MB: _max_mb,
    RuleKind.AI_METADATA: _ai_metadata,
    RuleKind.FORBIDS: _unseen,
    RuleKind.MAX_PHOTOS: _unseen,
}


def cases(rule: Rule) -> Iterator[Case]:
    """Every fixture of a rule; of one without a value, that nothing is claimed."""
    if rule.value is None:
        yield from _unseen(None)
    else:
        yield from FIXTURES[rule.kind](rule.value)
