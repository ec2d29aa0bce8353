"""Names of files as they were handed in: safe to show, and safe to unpack on any system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

LONGEST = 120
LONGEST_STEM = 80  # letters
LONGEST_STEM_BYTES = 150  # of UTF-8: file systems take 255, and a number and an ending follow
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # control, direction, nothing that a font draws
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")


def last_part(name: str) -> str:
    """Without folders of either system, and without letters that cannot be seen."""
    part = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    seen = "".join(letter for letter in part if unicodedata.category(letter) not in _UNSEEN).strip()
    return seen[:LONGEST] or "?"


def stem(name: str) -> str:
    """What a finished file is called after, without an ending; no system refuses it."""
    whole = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", PurePosixPath(last_part(name)).stem))
    bare = _cut(whole).strip(" .")
    return f"_{bare}" if not bare or _RESERVED.fullmatch(bare) else bare


def _cut(name: str) -> str:
    """As much as fits; marks stay with the letter that they stand on."""
    kept = name[:LONGEST_STEM].encode()[:LONGEST_STEM_BYTES].decode(errors="ignore")
    while kept and unicodedata.combining(name[len(kept) : len(kept) + 1] or " "):
        kept = kept[:-1]
    return kept


def numbered(names: Iterable[str]) -> tuple[str, ...]:
    """The stems of all, each its own: "mug", "mug (2)"; neither capital letters nor the way in which an accent is
    written make a difference, as on most disks.
    """
    taken: set[str] = set()
    return tuple(_free(stem(name), taken) for name in names)


def _free(wanted: str, taken: set[str]) -> str:
    name, count = wanted, 1
    while _alike(name) in taken:
        count += 1
        name = f"{wanted} ({count})"
    taken.add(_alike(name))
    return name


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
