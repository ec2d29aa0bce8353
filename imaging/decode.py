"""The gate for bytes from outside: pixels upright in sRGB, or a fault that a person can act on."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import pillow_heif
from PIL import Image

from domain import Photo, Raster
from errors import InvalidPhoto, PhotoFault
from imaging.colour import to_srgb
from imaging.formats import Container, container_of
from imaging.raster import view

# Pillow warns from 89 megapixels on and raises from 179 on; ours is the lower limit, so a warning is always a refusal.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

_ORIENTATION_TAG: Final = 0x0112
_SUBFILE_TAG, _REDUCED, _MOST_PAGES = 254, 1, 16
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_MODES: Final[Mapping[str, Literal["L", "RGB", "RGBA"]]] = {"L": "L", "RGB": "RGB", "RGBA": "RGBA"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file may be; megabytes are 10^6 bytes, megapixels 10^6 pixels."""

    max_megabytes: float
    max_megapixels: float = 50
    min_side_px: int = 16
    max_aspect: float = 50


UPLOAD: Final = Bounds(max_megabytes=20)
PICTURE: Final = Bounds(max_megabytes=200)  # a lossless RGBA of a 50-megapixel photo, and no more


def decode(data: bytes) -> Photo:
    """An upload as upright sRGB pixels, RGBA only where something is transparent; raises `InvalidPhoto`.

    The first frame of an animation is used. All metadata stay behind.
    """
    pixels = _pixels(data, UPLOAD)
    if pixels.mode == "RGBA" and not view(pixels)[..., 3].any():
        raise InvalidPhoto(PhotoFault.TRANSPARENT)
    return Photo(pixels, hashlib.sha256(data).hexdigest())


def decode_picture(data: bytes) -> Raster:
    """A provider's picture through the same gate, "L" kept for mattes; raises `InvalidPhoto`.

    Only the limit on bytes is wider: a lossless cutout is larger than the photo it was made from.
    """
    return _pixels(data, PICTURE, keep_grey=True)


def _pixels(data: bytes, bounds: Bounds, *, keep_grey: bool = False) -> Raster:
    if len(data) > bounds.max_megabytes * 1e6:
        raise InvalidPhoto(
            PhotoFault.TOO_MANY_BYTES, megabytes=round(len(data) / 1e6, 1), limit_mb=bounds.max_megabytes
        )
    container = container_of(data)
    with _damage(container), _opened(data, container) as image:
        _turn_to_photo(image)
        _check(image.size, bounds)
        image.load()
        return _raster(to_srgb(_upright(image)), keep_grey=keep_grey)


@contextmanager
def _damage(container: Container) -> Iterator[None]:
    """Every error of a decoder is a fault of the file: this is the one place that catches them all."""
    try:
        yield
    except InvalidPhoto:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(error) from error
    except NotImplementedError as error:
        raise InvalidPhoto(PhotoFault.UNSUPPORTED, format=container.value) from error
    except MemoryError as error:
        raise InvalidPhoto(PhotoFault.TOO_HARD) from error
    except Exception as error:
        raise InvalidPhoto(PhotoFault.DAMAGED, format=container.value) from error


def _too_large(error: BaseException) -> InvalidPhoto:
    """Pillow's own limit was met before ours could be: the size stands only in its message."""
    claim = re.search(r"(\d+) pixels", str(error))
    megapixels = round(int(claim.group(1)) / 1e6, 1) if claim else UPLOAD.max_megapixels
    return InvalidPhoto(PhotoFault.TOO_MANY_PIXELS, megapixels=megapixels, limit=UPLOAD.max_megapixels)


def _opened(data: bytes, container: Container) -> Image.Image:
    """The file with its header read; only the one plug-in that its content named may look at it."""
    stream = io.BytesIO(data)
    if container is Container.HEIF:
        heif: Image.Image = pillow_heif.HeifImageFile(stream)
        return heif
    return Image.open(stream, formats=(container.value,))


def _turn_to_photo(image: Image.Image) -> None:
    """Camera files are TIFFs that begin with a thumbnail: the photo is the first page that is none, if there is one."""
    if not _is_thumbnail(image):
        return
    width, height = image.size
    for page in range(1, _MOST_PAGES):
        try:
            image.seek(page)
        except EOFError:
            break
        if not _is_thumbnail(image):
            return
    raise InvalidPhoto(PhotoFault.PREVIEW, width=width, height=height)


def _is_thumbnail(image: Image.Image) -> bool:
    kind = getattr(image, "tag_v2", {}).get(_SUBFILE_TAG, 0)
    return isinstance(kind, int) and bool(kind & _REDUCED)


def _check(size: tuple[int, int], bounds: Bounds) -> None:
    """Limits are looked at while only the header has been read."""
    short, long = min(size), max(size)
    if short * long > bounds.max_megapixels * 1e6:
        raise InvalidPhoto(
            PhotoFault.TOO_MANY_PIXELS, megapixels=round(short * long / 1e6, 1), limit=bounds.max_megapixels
        )
    if short < bounds.min_side_px:
        raise InvalidPhoto(PhotoFault.TOO_SMALL, width=size[0], height=size[1], limit=bounds.min_side_px)
    if long > short * bounds.max_aspect:
        raise InvalidPhoto(PhotoFault.TOO_NARROW, width=size[0], height=size[1], limit=bounds.max_aspect)


def _upright(image: Image.Image) -> Image.Image:
    method = _UPRIGHT.get(_orientation(image))
    return image if method is None else _with_profile(image.transpose(method), image)


def _with_profile(turned: Image.Image, image: Image.Image) -> Image.Image:
    turned.info = dict(image.info)
    return turned


def _orientation(image: Image.Image) -> int:
    """EXIF's word on which way is up; metadata that cannot be read are no reason to refuse a photo."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:
        return 1


def _raster(image: Image.Image, *, keep_grey: bool) -> Raster:
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    if image.mode == "L" and not keep_grey:
        image = image.convert("RGB")
    return Raster(image.width, image.height, _MODES[image.mode], image.tobytes())
