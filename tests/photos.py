"""Product photos made in code, with their true mattes: a mug with a label and a hole in its handle."""

from __future__ import annotations

import io
from typing import Any, Literal

import cv2
import numpy as np
from PIL import Image

from domain import Raster

Background = Literal["plain", "gradient", "busy"]
_SUPERSAMPLING = 4
_BODY, _SHADE, _LABEL, _INK = (178, 58, 46), (128, 38, 34), (240, 226, 190), (38, 52, 84)


def raster(pixels: np.ndarray) -> Raster:
    """uint8 array of (height, width) or (height, width, 3 or 4) as a value."""
    mode = {2: "L", 3: "RGB" if pixels.shape[-1] == 3 else "RGBA"}[pixels.ndim]
    return Raster(pixels.shape[1], pixels.shape[0], mode, np.ascontiguousarray(pixels, np.uint8).tobytes())


def array(pixels: Raster) -> np.ndarray:
    """The raster as a read-only array of (height, width) or (height, width, channels)."""
    shape = (pixels.height, pixels.width) if pixels.mode == "L" else (pixels.height, pixels.width, len(pixels.mode))
    return np.frombuffer(pixels.data, np.uint8).reshape(shape)


def _draw_mug(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Colours (height, width, 3) and coverage (height, width), both float32; coverage in [0, 1]."""
    w, h = width * _SUPERSAMPLING, height * _SUPERSAMPLING
    unit = min(w, h)
    left, right, top, bottom = w // 2 - unit // 4, w // 2 + unit // 6, h // 2 - unit // 3, h // 2 + unit // 3
    cover = np.zeros((h, w), np.uint8)
    handle = (right, h // 2), (unit // 6, unit // 5)
    cv2.ellipse(cover, *handle, 0, 0, 360, 255, unit // 18)
    cv2.rectangle(cover, (left, top), (right, bottom), 255, -1)
    middle, curve = (left + right) // 2, ((right - left) // 2, unit // 24)
    for y in (top, bottom):
        cv2.ellipse(cover, (middle, y), curve, 0, 0, 360, 255, -1)
    colours = np.empty((h, w, 3), np.uint8)
    colours[:] = _BODY
    cv2.rectangle(colours, (left, top), (left + (right - left) // 5, h), _SHADE, -1)
    label = left + (right - left) // 6, h // 2 - unit // 8, right - (right - left) // 8, h // 2 + unit // 8
    cv2.rectangle(colours, label[:2], label[2:], _LABEL, -1)
    cv2.putText(colours, "MUG", (label[0] + unit // 40, h // 2 + unit // 24), 0, unit / 320, _INK, max(unit // 60, 1))
    small = [cv2.resize(a, (width, height), interpolation=cv2.INTER_AREA) for a in (colours, cover)]
    return small[0].astype(np.float32), small[1].astype(np.float32) / 255


def _backdrop(width: int, height: int, background: Background, rng: np.random.Generator) -> np.ndarray:
    """(height, width, 3) float32: a light wall, a lit sweep, or a room full of things."""
    if background == "plain":
        return np.full((height, width, 3), (236, 236, 232), np.float32)
    if background == "gradient":
        light = np.linspace(240, 165, height, dtype=np.float32)[:, None, None]
        return np.broadcast_to(light, (height, width, 3)) * np.array((1, 0.99, 0.96), np.float32)
    room = np.full((height, width, 3), (150, 160, 140), np.uint8)
    for _ in range(40):
        centre = int(rng.integers(0, width)), int(rng.integers(0, height))
        axes = int(rng.integers(4, width // 6 + 5)), int(rng.integers(4, height // 6 + 5))
        colour = tuple(int(c) for c in rng.integers((40, 90, 60), (150, 200, 180)))
        cv2.ellipse(room, centre, axes, float(rng.integers(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    return room.astype(np.float32)


def product_photo(width: int = 640, height: int = 480, *, background: Background = "plain", seed: int = 0) -> Raster:
    """RGB photo of a mug in the middle of a backdrop; the same arguments give the same bytes."""
    rng = np.random.default_rng(seed)
    colours, cover = _draw_mug(width, height)
    behind = _backdrop(width, height, background, rng)
    picture = behind + (colours - behind) * cover[..., None] + rng.normal(0, 1.5, (height, width, 1))
    return raster(np.clip(np.rint(picture), 0, 255).astype(np.uint8))


def product_matte(width: int = 640, height: int = 480) -> Raster:
    """The true matte ("L") of `product_photo` at the same size; the hole of the handle is open."""
    return raster(np.rint(_draw_mug(width, height)[1] * 255).astype(np.uint8))


def on_white(pixels: Raster, matte: Raster) -> Raster:
    """What a generator should return: the product of `pixels` on white."""
    alpha = array(matte)[..., None].astype(np.float32) / 255
    return raster(np.rint(array(pixels)[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8))


def cutout_rgba(pixels: Raster, matte: Raster) -> Raster:
    """What a background remover should return: RGBA with black under full transparency."""
    alpha = array(matte)[..., None]
    return raster(np.concatenate([np.where(alpha > 0, array(pixels)[..., :3], 0), alpha], axis=2).astype(np.uint8))


def _encode(pixels: Raster, file_format: str, save: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.frombytes(pixels.mode, pixels.size, pixels.data).save(buffer, file_format, **save)
    return buffer.getvalue()


def jpeg(pixels: Raster, **save: Any) -> bytes:
    """A JPEG file; keywords go to Pillow's `save` (quality, exif, icc_profile, ...). Alpha is dropped."""
    flat = raster(array(pixels)[..., :3]) if pixels.mode == "RGBA" else pixels
    return _encode(flat, "JPEG", {"quality": 92, **save})


def png(pixels: Raster, **save: Any) -> bytes:
    """A PNG file; keywords go to Pillow's `save`."""
    return _encode(pixels, "PNG", save)
