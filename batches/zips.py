"""Photos out of a ZIP that nobody trusts: one after another, in memory for a moment, and never by the ZIP's names.

What a file says about its size, its name or its kind is checked before it is unpacked, and its size again while it is.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader, FileIO
from pathlib import Path

from batches.names import last_part
from domain import Fact, IntakeFault

MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
MEGABYTE = 1_000_000
MOST_DIRECTORY = 2 * MEGABYTE  # the list of names: of some 20 000 files
MOST_PHOTO = 20 * MEGABYTE
MOST_UNPACKED = 2_000 * MEGABYTE
BOMB_RATIO = 100  # photos hardly shrink; what shrinks so much is no photo
BOMB_FROM = MEGABYTE
_ENCRYPTED, _UTF8 = 0x1, 0x800
_DRIVE = re.compile(r"[A-Za-z]:")
_CLUTTER = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """One file; `name` is its last part."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """One file that is not taken, or a whole ZIP."""

    name: str
    code: str
    facts: dict[str, Fact] = field(default_factory=dict)


@dataclass(slots=True)
class Budget:
    """Bytes that may still be kept: of one batch, and what other batches of the same visitor leave."""

    left: int = MOST_UNPACKED


class _TooMuch(Exception):
    """More is to be read at once than an honest list of names needs."""


class _Cautious(BufferedReader):
    """`zipfile` reads a whole directory at once, however long the ZIP says that it is."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_DIRECTORY:
            raise _TooMuch
        data = super().read(MOST_DIRECTORY + 1 if size is None or size < 0 else size)
        if len(data) > MOST_DIRECTORY:
            raise _TooMuch
        return data


def is_zip(head: bytes) -> bool:
    return head.startswith(MAGIC)


def unpacked(path: Path, name: str, budget: Budget) -> Iterator[Unpacked | Refusal]:
    """Every file of the ZIP, in its order, as what it is or as why it is not taken. No folders, no clutter."""
    with _Cautious(FileIO(path)) as file:
        try:
            archive = zipfile.ZipFile(file)
        except _TooMuch:
            yield Refusal(last_part(name), IntakeFault.ZIP_CROWDED)
            return
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, OverflowError):
            yield Refusal(last_part(name), IntakeFault.ZIP_DAMAGED)
            return
        nothing = True
        for one in _files(archive, budget):
            nothing = False
            yield one
        if nothing:
            yield Refusal(last_part(name), IntakeFault.ZIP_EMPTY)


def is_clutter(name: str) -> bool:
    """What computers put beside photos and nobody means."""
    return bool(_CLUTTER.search(name.replace("\\", "/")))


def _files(archive: zipfile.ZipFile, budget: Budget) -> Iterator[Unpacked | Refusal]:
    for entry in archive.infolist():
        if entry.is_dir() or is_clutter(entry.orig_filename):
            continue
        told = _unpack(archive, entry, budget.left)
        budget.left -= len(told.data) if isinstance(told, Unpacked) else 0
        yield told


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> Unpacked | Refusal:
    name = last_part(_readable(entry))
    fault = _objection(entry) or (IntakeFault.TOO_MUCH if entry.file_size > left else None)
    if fault:
        return Refusal(name, fault, {"limit_mb": MOST_PHOTO // MEGABYTE})
    try:
        data = _read(archive, entry, min(MOST_PHOTO, left))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, _TooMuch):
        return Refusal(name, IntakeFault.ZIP_DAMAGED)
    if len(data) > min(MOST_PHOTO, left):
        return Refusal(name, IntakeFault.ZIP_BOMB, {"limit_mb": MOST_PHOTO // MEGABYTE})
    return Refusal(name, IntakeFault.ZIP_NESTED) if is_zip(data) else Unpacked(name, data)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """In parts, and no more than is allowed and one part; reading the end is what checks the sum."""
    data = bytearray()
    with archive.open(entry) as packed:
        while len(data) <= most and (part := packed.read(MEGABYTE)):
            data += part
    return bytes(data)


def _objection(entry: zipfile.ZipInfo) -> IntakeFault | None:
    """What can be said before a byte is unpacked."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if _leads_away(entry.orig_filename):
        return IntakeFault.ZIP_NAME
    if kind not in (0, stat.S_IFREG):
        return IntakeFault.ZIP_LINK
    if entry.flag_bits & _ENCRYPTED:
        return IntakeFault.ZIP_PASSWORD
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return IntakeFault.ZIP_PACKING
    shrunk = entry.file_size > BOMB_FROM and entry.file_size > BOMB_RATIO * max(entry.compress_size, 1)
    return IntakeFault.ZIP_BOMB if shrunk or entry.file_size > MOST_PHOTO else None


def _leads_away(name: str) -> bool:
    """Upwards, to the root, to a drive, or to what only looks like another name."""
    path = name.replace("\\", "/")
    return path.startswith("/") or bool(_DRIVE.match(path)) or ".." in path.split("/") or "\0" in path


def _readable(entry: zipfile.ZipInfo) -> str:
    """Names without the mark for UTF-8: macOS writes UTF-8 all the same, Windows the old Russian code page."""
    name = entry.filename
    if entry.flag_bits & _UTF8 or name.isascii():
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp866")
