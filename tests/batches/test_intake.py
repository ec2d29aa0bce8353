"""Many files at once: photos are kept for their runs, and every other file gets a line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from batches.files import BatchFiles
from batches.intake import MOST_REFUSALS, Handed, take_in
from batches.names import numbered
from domain import MOST_PHOTOS, BatchItem, ItemState
from errors import FilesGone, PhotoGone
from tests.photos import jpeg, product_photo

BATCH = "0123456789abcdef" * 2
PHOTO = jpeg(product_photo(64, 48))


@pytest.fixture
def store(tmp_path: Path) -> BatchFiles:
    return BatchFiles(tmp_path / "batches")


def handed(folder: Path, *files: tuple[str, bytes]) -> list[Handed]:
    """Uploads as they lie on disk: under names of the server's own."""
    made = []
    for number, (name, data) in enumerate(files):
        path = folder / f"upload-{number}"
        path.write_bytes(data)
        made.append(Handed(name, path))
    return made


def zipped(path: Path, *files: tuple[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path.read_bytes()


def lines(items: tuple[BatchItem, ...]) -> list[tuple[str, ItemState, str | None]]:
    return [(item.name, item.state, item.note) for item in items]


def test_photos_a_folder_and_a_zip_become_one_list_and_every_bad_file_says_why(tmp_path: Path, store: BatchFiles):
    inside = zipped(tmp_path / "z.zip", ("in/c.png", PHOTO), ("note.txt", b"hello"))
    files = [
        ("a.jpg", PHOTO),
        ("shoes\\b.jpg", PHOTO),
        ("photos.zip", inside),
        ("empty.jpg", b""),
        ("v.svg", b"<svg/>"),
    ]
    items = take_in(handed(tmp_path, *files, ("x/.DS_Store", b"?")), store, BATCH)
    assert lines(items) == [
        ("a.jpg", ItemState.WAITING, None),
        ("b.jpg", ItemState.WAITING, None),
        ("c.png", ItemState.WAITING, None),
        ("note.txt", ItemState.REFUSED, "error.photo_not_a_picture"),
        ("empty.jpg", ItemState.REFUSED, "error.photo_empty"),
        ("v.svg", ItemState.REFUSED, "error.photo_vector"),
    ]
    assert [item.number for item in items] == [1, 2, 3, 4, 5, 6]
    assert store.photo(BATCH, 3) == PHOTO
    with pytest.raises(PhotoGone):
        store.photo(BATCH, 4)


def test_a_photo_that_is_too_large_is_refused_without_being_kept(tmp_path: Path, store: BatchFiles):
    items = take_in(handed(tmp_path, ("big.jpg", PHOTO + b"\0" * 20_000_000)), store, BATCH)
    assert lines(items) == [("big.jpg", ItemState.REFUSED, "error.photo_too_many_bytes")]
    assert items[0].facts == {"limit_mb": 20}


def test_what_a_visitors_other_batches_keep_leaves_less_room_and_what_does_not_fit_says_so(
    tmp_path: Path, store: BatchFiles
):
    take_in(handed(tmp_path, ("a.jpg", PHOTO)), store, BATCH)
    assert store.size_of([BATCH, "0" * 32]) == len(PHOTO)
    room = 2 * len(PHOTO) + 1 - store.size_of([BATCH])
    items = take_in(handed(tmp_path, ("b.jpg", PHOTO), ("c.jpg", PHOTO)), store, "1" * 32, room)
    assert lines(items) == [("b.jpg", ItemState.WAITING, None), ("c.jpg", ItemState.REFUSED, "intake.too_much")]


def test_ten_thousand_tiny_files_are_500_photos_and_a_line_for_the_rest(tmp_path: Path, store: BatchFiles):
    many = zipped(tmp_path / "z.zip", *((f"{number}.jpg", PHOTO[:64]) for number in range(10_000)))
    items = take_in(handed(tmp_path, ("many.zip", many)), store, BATCH)
    assert [item.state for item in items] == [*[ItemState.WAITING] * MOST_PHOTOS, ItemState.REFUSED]
    assert (items[-1].note, items[-1].facts) == ("intake.too_many", {"count": 9_500, "limit": MOST_PHOTOS})


def test_ten_thousand_files_that_are_no_photos_do_not_hide_the_one_that_is(tmp_path: Path, store: BatchFiles):
    many = zipped(tmp_path / "z.zip", *((f"{number}.txt", b"x") for number in range(9_999)), ("a.jpg", PHOTO))
    items = take_in(handed(tmp_path, ("many.zip", many)), store, BATCH)
    assert [item.name for item in items if item.state is ItemState.WAITING] == ["a.jpg"]
    assert len(items) == MOST_REFUSALS + 2
    assert (items[-1].note, items[-1].facts["count"]) == ("intake.too_many_others", 9_999 - MOST_REFUSALS)


@pytest.mark.parametrize("batch_id", ["..", "../runs", "0" * 31, "A" * 32, ""])
def test_ids_that_are_not_ours_lead_nowhere(store: BatchFiles, batch_id: str):
    with pytest.raises(FilesGone):
        store.keep(batch_id, 1, PHOTO)


def test_finished_files_are_called_after_the_originals_and_collisions_are_numbered():
    names = ["mug.jpg", "MUG.png", "shop/mug.webp", "mug (2).jpg", "кружка.jpg"]
    assert numbered(names) == ("mug", "MUG (2)", "mug (3)", "mug (2) (2)", "кружка")


def test_an_accent_written_in_two_ways_is_one_name():
    composed, decomposed = "caf\u00e9.jpg", "cafe\u0301.jpg"
    assert numbered([composed, decomposed, "CAF\u00c9.png"]) == ("caf\u00e9", "caf\u00e9 (2)", "CAF\u00c9 (3)")


@pytest.mark.parametrize("letter", ["\N{GRINNING FACE}", "\u0436", "g\u0303", "a"])
def test_long_names_are_cut_between_letters_to_what_file_systems_take(letter: str):
    (name,) = numbered([letter * 60 + ".jpg"])
    assert name == letter * (len(name) // len(letter))
    assert 60 <= len(name.encode()) <= 150


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("con.jpg", "_con"),
        ("LPT1", "_LPT1"),
        (".jpg", "jpg"),
        ("a:b?.jpg", "a_b_"),
        ("...", "_"),
        ("x" * 300 + ".jpg", "x" * 80),
        ("a. .jpg", "a"),
        ("../..", "_"),
    ],
)
def test_no_system_refuses_a_finished_files_name(name: str, stem: str):
    assert numbered([name]) == (stem,)
