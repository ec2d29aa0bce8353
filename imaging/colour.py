"""Whatever a file's colours are, as 8-bit sRGB."""

from __future__ import annotations

import hashlib
import io
from itertools import product

import numpy as np
from PIL import Image, ImageChops, ImageCms

_GREY_TOP = 65535
_STEPS = tuple(range(0, 256, 15))
_SWATCHES = Image.frombytes(
    "RGB", (len(_STEPS) ** 2, len(_STEPS)), bytes(c for rgb in product(_STEPS, repeat=3) for c in rgb)
)
_ALIKE = 2  # levels of 255: short tables and rounding of profiles that are meant to be sRGB
_MOST_KNOWN = 64
_KNOWN: dict[bytes, bool] = {}


def to_srgb(image: Image.Image) -> Image.Image:
    """A loaded picture of any mode as "L", "RGB" or "RGBA" in sRGB; raises what Pillow raises."""
    simple = _from_deep_grey(image) if image.mode.startswith("I") else _simple(image)
    profile = image.info.get("icc_profile")
    return _converted(simple, profile) if profile else _without_ink(simple)


def _simple(image: Image.Image) -> Image.Image:
    """One of L, LA, RGB, RGBA, CMYK, LAB: palettes resolved, colours named transparent made so."""
    if "transparency" in image.info and image.mode in ("P", "L", "RGB", "1"):
        return image.convert("RGBA")
    target = {"1": "L", "P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "F": ""}
    wanted = target.get(image.mode, image.mode)
    if not wanted:
        raise NotImplementedError(image.mode)
    return image if wanted == image.mode else image.convert(wanted)


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """16 bits (or 32 that hold 16) scaled to 8; `convert("L")` would clip them to white. "LA" where a grey is named
    transparent, and then only that one of the 65 536.
    """
    deep = np.asarray(image)
    if deep.min() < 0 or deep.max() > _GREY_TOP:
        raise NotImplementedError(image.mode)
    grey = deep.astype(np.uint32)  # in place from here on: 50 megapixels are 200 MB
    grey *= 255
    grey += _GREY_TOP // 2
    grey //= _GREY_TOP
    shallow, clear = Image.fromarray(grey.astype(np.uint8)), image.info.get("transparency")
    if isinstance(clear, int):
        shallow.putalpha(Image.fromarray((deep != clear).astype(np.uint8) * np.uint8(255)))
    return shallow


def _without_ink(image: Image.Image) -> Image.Image:
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    return image.convert("RGBA" if image.mode == "LA" else "RGB")


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours through the embedded profile, alpha past it; a profile that does not fit is ignored."""
    bands = image.getbands()
    alpha = image.getchannel("A") if bands[-1] == "A" and len(bands) in (2, 4) else None
    colours = image if alpha is None else image.convert("L" if len(bands) == 2 else "RGB")
    managed = _managed(colours, profile)
    if managed is None:
        return _without_ink(image)
    if alpha is not None:
        managed.putalpha(alpha)
    return managed


def _managed(colours: Image.Image, profile: bytes) -> Image.Image | None:
    if colours.mode == "RGB" and is_srgb(profile):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def is_srgb(profile: bytes) -> bool:
    """Whether its colours are those of sRGB, whatever it calls itself. Those of most photos are, and a conversion would
    only cost time and rounding.
    """
    key = hashlib.sha256(profile).digest()
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.pop(next(iter(_KNOWN)))
        _KNOWN[key] = _changes_nothing(profile)
    return _KNOWN[key]


def _changes_nothing(profile: bytes) -> bool:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        seen = ImageCms.profileToProfile(_SWATCHES, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
    return seen is not None and int(np.asarray(ImageChops.difference(_SWATCHES, seen)).max()) <= _ALIKE
