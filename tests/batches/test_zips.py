"""ZIPs of strangers: a clear line for every file that is not taken, and the rest goes on."""

from __future__ import annotations

import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from batches.zips import MOST_PHOTO, MOST_UNPACKED, Budget, Refusal, Unpacked, unpacked
from domain import IntakeFault
from tests.photos import jpeg, product_photo

GOOD = jpeg(product_photo(64, 48))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.zip"


def write(path: Path, *files: tuple[str | zipfile.ZipInfo, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, data in files:
            archive.writestr(name, data, compress_type=packing)
    return path


def told(path: Path, most: int = MOST_UNPACKED) -> list[tuple[str, str | None]]:
    """The name of every file, and why it is not taken."""
    return [
        (one.name, one.code if isinstance(one, Refusal) else None)
        for one in unpacked(path, "С телефона/photos.zip", Budget(most))
    ]


def patched(path: Path, name: str, offset: int, value: bytes) -> None:
    """Overwrites a field of the entry in the directory at the end (offsets: APPNOTE 4.3.12)."""
    data = bytearray(path.read_bytes())
    at = data.rindex(name.encode()) - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    data[at + offset : at + offset + len(value)] = value
    path.write_bytes(data)


def test_photos_come_out_as_they_went_in_with_two_of_one_name_and_without_folders(path: Path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        write(path, ("a/", b""), ("a/mug.jpg", GOOD), ("b/mug.jpg", GOOD + b"x"), ("b/mug.jpg", GOOD))
    assert list(unpacked(path, "z", Budget())) == [
        Unpacked("mug.jpg", GOOD),
        Unpacked("mug.jpg", GOOD + b"x"),
        Unpacked("mug.jpg", GOOD),
    ]


def test_what_computers_leave_beside_photos_is_not_spoken_of(path: Path):
    clutter = ["__MACOSX/._a.jpg", ".DS_Store", "x/Thumbs.db", "x/._b.jpg", "desktop.ini"]
    write(path, *((name, b"-") for name in clutter), ("a.jpg", GOOD))
    assert told(path) == [("a.jpg", None)]


@pytest.mark.parametrize(
    "name", ["../a.jpg", "x/../../a.jpg", "/etc/a.jpg", "C:/a.jpg", "..\\a.jpg", "\\\\host\\a.jpg", "x/..\\a.jpg"]
)
def test_a_name_that_leads_elsewhere_is_refused_and_the_rest_goes_on(path: Path, name: str):
    write(path, (name, GOOD), ("fine.jpg", GOOD))
    assert told(path) == [("a.jpg", IntakeFault.ZIP_NAME), ("fine.jpg", None)]


def test_links_are_not_followed(path: Path):
    link = zipfile.ZipInfo("photo.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    write(path, (link, b"/etc/passwd"), ("fine.jpg", GOOD))
    assert told(path) == [("photo.jpg", IntakeFault.ZIP_LINK), ("fine.jpg", None)]


def test_a_zip_in_a_zip_is_not_opened_whatever_it_is_called(path: Path, tmp_path: Path):
    inner = write(tmp_path / "inner.zip", ("a.jpg", GOOD)).read_bytes()
    write(path, ("inner.jpg", inner), ("fine.jpg", GOOD))
    assert told(path) == [("inner.jpg", IntakeFault.ZIP_NESTED), ("fine.jpg", None)]


def test_a_password_is_said_of_the_file_that_has_it(path: Path):
    write(path, ("secret.jpg", GOOD), ("fine.jpg", GOOD))
    patched(path, "secret.jpg", 8, struct.pack("<H", 1))
    assert told(path) == [("secret.jpg", IntakeFault.ZIP_PASSWORD), ("fine.jpg", None)]


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_can_blow_up_in_one_step_are_not_unpacked(path: Path, packing: int):
    assert told(write(path, ("a.jpg", GOOD), packing=packing)) == [("a.jpg", IntakeFault.ZIP_PACKING)]


def test_a_broken_file_among_good_ones_is_named(path: Path):
    write(path, ("broken.jpg", GOOD), ("fine.jpg", GOOD), packing=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(GOOD) + 20] ^= 0xFF
    path.write_bytes(data)
    assert told(path) == [("broken.jpg", IntakeFault.ZIP_DAMAGED), ("fine.jpg", None)]


def test_a_bomb_that_tells_its_size_is_not_unpacked(path: Path):
    write(path, ("bomb.jpg", b"\0" * (2 * MOST_PHOTO)), ("zeros.jpg", b"\0" * 2_000_000), ("fine.jpg", GOOD))
    assert told(path) == [
        ("bomb.jpg", IntakeFault.ZIP_BOMB),
        ("zeros.jpg", IntakeFault.ZIP_BOMB),
        ("fine.jpg", None),
    ]


def test_a_bomb_that_lies_about_its_size_takes_no_more_memory_than_it_told(path: Path):
    write(path, ("bomb.jpg", b"\0" * (2 * MOST_PHOTO)), ("fine.jpg", GOOD))
    patched(path, "bomb.jpg", 24, struct.pack("<L", 1000))
    tracemalloc.start()
    found = told(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [("bomb.jpg", IntakeFault.ZIP_DAMAGED), ("fine.jpg", None)]
    assert peak < MOST_PHOTO / 2


def test_a_whole_that_grows_too_large_ends_in_the_middle(path: Path):
    write(path, *((f"{number}.jpg", GOOD) for number in range(4)))
    assert [code for _, code in told(path, 2 * len(GOOD) + 10)] == [
        None,
        None,
        IntakeFault.TOO_MUCH,
        IntakeFault.TOO_MUCH,
    ]


def test_a_list_of_names_beyond_reason_is_not_read(path: Path):
    name = "n" * 60_000
    write(path, *((f"{number}{name}", b"") for number in range(40)))
    assert told(path) == [("photos.zip", IntakeFault.ZIP_CROWDED)]


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\xff" * 18, b"Rar!\x1a\x07", b"PK\x05\x06" + b"\0" * 12 + b"\xff" * 6],
)
def test_what_is_no_whole_zip_is_one_line(path: Path, data: bytes):
    path.write_bytes(data)
    assert told(path) in [
        [("photos.zip", fault)] for fault in (IntakeFault.ZIP_DAMAGED, IntakeFault.ZIP_CROWDED, IntakeFault.ZIP_EMPTY)
    ]


def test_a_zip_cut_off_anywhere_or_with_a_flipped_byte_never_raises(path: Path):
    write(path, ("a.jpg", b"photo" * 9), ("b.jpg", b"other" * 9))
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at])
        told(path)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        told(path)
    assert told(write(path, ("a.jpg", GOOD))) == [("a.jpg", None)]


@pytest.mark.parametrize("raw", ["кружка.jpg".encode(), "кружка.jpg".encode("cp866")])
def test_russian_names_without_a_mark_are_read_as_macos_and_windows_write_them(path: Path, raw: bytes):
    write(path, ("x" * len(raw), GOOD))
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
    assert told(path) == [("кружка.jpg", None)]


def test_letters_that_turn_a_name_around_are_left_out(path: Path):
    assert told(write(path, ("gpj\u202e.exe\x07", GOOD))) == [("gpj.exe", None)]
