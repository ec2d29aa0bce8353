"""What the fake models make of a picture: a matte from the border's colour, a cutout, the product on white; and how
a generated picture goes wrong.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

Matte = Callable[[Image.Image], Image.Image]
KONTEXT_SIZES = (
    (672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184), (944, 1104),
    (1024, 1024),
    (1104, 944), (1184, 880), (1248, 832), (1328, 800), (1392, 752), (1456, 720), (1504, 688), (1568, 672),
)  # fmt: skip


def matte_by_border(picture: Image.Image) -> Image.Image:
    """White where the colour is far from the border's usual colour; good enough for a product on a plain ground."""
    pixels = np.asarray(picture.convert("RGB")).astype(np.int16)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    distance = np.abs(pixels - np.median(border, axis=0)).max(axis=2)
    return Image.fromarray(((distance > 40) * 255).astype(np.uint8))


def cutout(picture: Image.Image, matte: Matte) -> bytes:
    """What BiRefNet sends back: RGBA at the size it was given."""
    result = picture.convert("RGB")
    result.putalpha(matte(picture))
    return png(result)


def on_white(picture: Image.Image, matte: Matte) -> bytes:
    """What FLUX Kontext sends back: opaque, stretched to the nearest of its sizes."""
    result = Image.new("RGB", picture.size, "white")
    result.paste(picture.convert("RGB"), mask=matte(picture))
    return png(result.resize(kontext_size(picture.size), Image.Resampling.BICUBIC))


def kontext_size(size: tuple[int, int]) -> tuple[int, int]:
    return min(KONTEXT_SIZES, key=lambda offered: abs(offered[0] / offered[1] - size[0] / size[1]))


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def from_data_uri(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def shifted(picture: Image.Image, across: float, down: float) -> Image.Image:
    """The product moved by shares of the sides, as Kontext may do; white comes in from outside."""
    result = Image.new("RGB", picture.size, "white")
    result.paste(picture, (round(across * picture.width), round(down * picture.height)))
    return result


def rescaled(picture: Image.Image, factor: float) -> Image.Image:
    """The product larger or smaller about the middle."""
    size = round(picture.width * factor), round(picture.height * factor)
    result = Image.new("RGB", picture.size, "white")
    result.paste(
        picture.resize(size, Image.Resampling.BICUBIC),
        ((picture.width - size[0]) // 2, (picture.height - size[1]) // 2),
    )
    return result


def recoloured(picture: Image.Image, gains: tuple[float, float, float] = (1.2, 0.9, 0.8)) -> Image.Image:
    """Every channel multiplied, except in what is white."""
    pixels = np.asarray(picture).astype(np.float32)
    painted = np.clip(pixels * gains, 0, 255)
    return Image.fromarray(np.where(pixels.min(axis=2, keepdims=True) > 250, pixels, painted).astype(np.uint8))


def off_white(picture: Image.Image, colour: tuple[int, int, int] = (235, 238, 240), corner: float = 0.1) -> Image.Image:
    """On a tinted ground that is darker towards the corners."""
    y, x = np.mgrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    light = 1 - corner * (x * x + y * y)[..., None] / 2
    return Image.fromarray((np.asarray(picture) * (np.array(colour) / 255) * light).astype(np.uint8))


def bent(picture: Image.Image, swing: float = 0.08) -> Image.Image:
    """Rows swung from side to side: every part is still there, but no straight line is."""
    pixels = np.asarray(picture)
    rows = [round(swing * picture.width * np.sin(3 * np.pi * y / picture.height)) for y in range(picture.height)]
    return Image.fromarray(np.stack([np.roll(line, move, axis=0) for line, move in zip(pixels, rows, strict=True)]))


def another_product(size: tuple[int, int]) -> Image.Image:
    """A blue bottle with a yellow label on white, whatever was asked for."""
    width, height = size
    result = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(result)
    middle, unit = width // 2, min(width, height)
    draw.rounded_rectangle(
        (middle - unit // 7, height // 4, middle + unit // 7, height * 9 // 10), unit // 16, "#24509a"
    )
    draw.rectangle((middle - unit // 22, height // 10, middle + unit // 22, height // 3), "#1b3a70")
    draw.rectangle((middle - unit // 8, height // 2, middle + unit // 8, height * 7 // 10), "#e8cf3a")
    for line in range(5):
        y = height // 2 + (line + 1) * height // 32
        draw.line((middle - unit // 10, y, middle + unit // 12 - line * unit // 60, y), "#553311", max(unit // 150, 1))
    return result
