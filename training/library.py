"""The objects and backgrounds that composites are made of, and the share of them that is kept from training."""

from __future__ import annotations

import pickle
import zlib
from dataclasses import dataclass
from pathlib import Path

from training.canvas import Picture

HELD_PERCENT = 7


@dataclass(frozen=True, slots=True)
class Asset:
    """A picture, BGR or BGRA uint8; those of one thing share a key."""

    kind: str
    key: str
    picture: Picture


@dataclass(frozen=True, slots=True)
class Library:
    """`objects` by kind, then by thing, then its views (h, w, 4); `photos` and `textures` (h, w, 3)."""

    objects: dict[str, list[list[Picture]]]
    photos: list[Picture]
    textures: list[Picture]


def held(asset: Asset) -> bool:
    """By the key alone: all views of a thing fall on the same side, in every run."""
    return zlib.crc32(asset.key.encode()) % 100 < HELD_PERCENT


def shelved(assets: list[Asset], *, held_out: bool = False) -> Library:
    """Either what is trained with or what is kept to measure."""
    mine = [asset for asset in assets if held(asset) == held_out]
    things: dict[str, dict[str, list[Picture]]] = {}
    for asset in mine:
        things.setdefault(asset.kind, {}).setdefault(asset.key, []).append(asset.picture)
    return Library(
        {kind: list(views.values()) for kind, views in things.items() if kind not in ("photo", "texture")},
        [asset.picture for asset in mine if asset.kind == "photo"],
        [asset.picture for asset in mine if asset.kind == "texture"],
    )


def written(assets: list[Asset], path: Path) -> None:
    with path.open("wb") as file:
        pickle.dump([(asset.kind, asset.key, asset.picture) for asset in assets], file)


def read(path: Path) -> list[Asset]:
    """Only for a file that `training.assets` wrote here: a pickle can run code."""
    with path.open("rb") as file:
        return [Asset(*row) for row in pickle.load(file)]
