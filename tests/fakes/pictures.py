"""What the fake models make of a picture: a matte from the border's colour, a cutout, the product on white."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np
from PIL import Image

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
