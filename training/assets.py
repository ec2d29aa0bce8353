"""Objects and backgrounds from folders, read and made small once: `python -m training.assets OUT --renders ...`."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from training.canvas import Picture
from training.library import Asset, written

OBJECT_SIDE, EMOJI_SIDE, PHOTO_SIDE, TEXTURE_SIDE = 300, 256, 480, 512
EMOJI = 900
"""As many of them as are taken, so that drawings do not outnumber things."""
JPEGS = (".jpg", ".jpeg")
PICTURES = (*JPEGS, ".png", ".webp")
NOT_THINGS = ("symbols", "alphabet", "letters", "numbers", "signlanguage", "sign_language", "/text", "arrows")
NOT_THINGS += ("punctuation", "naturalforces", "fonts")
"""Folders of stamps without objects."""
NOT_PHOTOS = ("/dist/", "thumbnail", "testimonial", "/team/")
"""Small copies and portraits in the themes."""
OTHER_SKINS = ("1f3fb", "1f3fc", "1f3fe", "1f3ff")
FLAGS = "1f1"


def pictures(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings)


def named(path: Path, folder: Path) -> str:
    """The key: where it is in its folder, so that the held-out share does not depend on this machine."""
    return f"/{folder.name}/{path.relative_to(folder).as_posix()}"


def cut_out(path: Path) -> Picture | None:
    """BGRA uint8, cropped to what shows; None if the file has no alpha or hardly anything to show."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
        return None
    if picture.dtype != np.uint8:
        picture = (picture / 257).astype(np.uint8)
    rows, columns = np.where(picture[..., 3] > 8)
    if len(rows) < 200:
        return None
    return picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def fitted(picture: Picture, side: int) -> Picture:
    """At most this long."""
    scale = side / max(picture.shape[:2])
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture


def renders(folder: Path) -> Iterator[Asset]:
    """Views as `training.views` names them: those of one model share the number before the underscore."""
    for path in pictures(folder, (".png",)):
        if (picture := cut_out(path)) is not None:
            yield Asset("render", path.stem.partition("_")[0], fitted(picture, OBJECT_SIDE))


def stamps(folder: Path) -> Iterator[Asset]:
    for path in pictures(folder, (".png",)):
        key = named(path, folder)
        if any(word in key.lower() for word in NOT_THINGS):
            continue
        picture = cut_out(path)
        if picture is not None and min(picture.shape[:2]) >= 40 and max(picture.shape[:2]) >= 120:
            yield Asset("stamp", key, fitted(picture, OBJECT_SIDE))


def emoji(folder: Path) -> list[Asset]:
    """A random choice, without flags and with one colour of skin."""
    found = []
    for path in pictures(folder, (".webp",)):
        if path.name.startswith(FLAGS) or any(skin in path.name for skin in OTHER_SKINS):
            continue
        if (picture := cut_out(path)) is not None:
            found.append(Asset("emoji", path.name, fitted(picture, EMOJI_SIDE)))
    return [found[at] for at in np.random.default_rng(3).permutation(len(found))[:EMOJI]]


def photos(wallpapers: list[Path], themes: list[Path]) -> Iterator[Asset]:
    """Each once: wallpapers come in several sizes and are told apart by their 6 x 6 miniature.

    Themes keep photos as JPEG; their PNGs are drawings and devices.
    """
    seen = set()
    files = [(path, named(path, folder)) for folder in wallpapers for path in pictures(folder, PICTURES)]
    files += [(path, named(path, folder)) for folder in themes for path in pictures(folder, JPEGS)]
    for path, key in files:
        picture = None if any(word in key for word in NOT_PHOTOS) else cv2.imread(str(path))
        if picture is None or min(picture.shape[:2]) < 300:
            continue
        scale = PHOTO_SIDE / min(picture.shape[:2])
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        look = (cv2.resize(picture, (6, 6), interpolation=cv2.INTER_AREA) // 24).tobytes()
        if look not in seen:
            seen.add(look)
            yield Asset("photo", key, picture)


def textures(folders: list[Path]) -> Iterator[Asset]:
    """The surfaces of the furniture: fabric, wood, prints."""
    for path, key in ((path, named(path, folder)) for folder in folders for path in pictures(folder, JPEGS)):
        picture = cv2.imread(str(path))
        if picture is not None and min(picture.shape[:2]) >= 128:
            yield Asset("texture", key, fitted(picture, TEXTURE_SIDE))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    for kind in ("renders", "stamps", "emoji"):
        parser.add_argument(f"--{kind}", type=Path, required=True)
    for kind in ("photos", "themes", "textures"):
        parser.add_argument(f"--{kind}", type=Path, nargs="+", required=True)
    args = parser.parse_args()
    assets = [*renders(args.renders), *stamps(args.stamps), *emoji(args.emoji)]
    assets += [*photos(args.photos, args.themes), *textures(args.textures)]
    written(assets, args.out)
    print(dict(Counter(asset.kind for asset in assets)))


if __name__ == "__main__":
    main()
