"""Many photos in a real browser: handed in, started, closed, and found again by the link."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import SLOW_MS
from tests.browser.conftest import Visit
from tests.photos import jpeg, product_photo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos, one of them deeper, and a note."""
    made = tmp_path / "shop"
    (made / "more").mkdir(parents=True)
    for number, name in enumerate(("mug.jpg", "чашка.jpg", "more/mug.jpg")):
        (made / name).write_bytes(jpeg(product_photo(240, 180)) + bytes([number]))
    (made / "note.txt").write_text("not a photo")
    return made


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.locator("#batch-files")).to_be_visible()


def hand_in(page: Page, folder: Path) -> None:
    files = sorted(str(path) for path in folder.rglob("*") if path.is_file())
    page.set_input_files("#batch-files input[type=file]", files)
    expect(page.locator("#batch-start")).to_be_visible(timeout=SLOW_MS)


def test_photos_are_handed_in_started_left_alone_and_found_again(visit: Visit, local_url: str, folder: Path) -> None:
    page = visit(local_url)
    open_tab(page, "Many photos")
    hand_in(page, folder)
    expect(page.locator("#batch-told")).to_contain_text("Photos: 3. Files left out: 1")
    expect(page.locator("#batch-table")).to_contain_text("This file is not a picture")
    page.click("#batch-start")
    expect(page.locator("#batch-told .batch-link")).to_be_visible(timeout=SLOW_MS)
    page.wait_for_url("**/?batch=*")
    link = page.url
    page.close()

    later = visit(link, locale="ru-RU", width=390)
    expect(later.locator("#batch-told")).to_contain_text("Готово, вырезаны все фото: 3.", timeout=SLOW_MS)
    expect(later.locator("#batch-table .badge.good")).to_have_count(3)
    later.locator("#batch-table img").first.scroll_into_view_if_needed()
    later.wait_for_function("document.querySelector('#batch-table img').naturalWidth > 0")
    assert later.evaluate("document.documentElement.scrollWidth") <= 390
    with later.expect_download() as download:
        later.click(".batch-archive")
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read("report.csv").decode("utf-8-sig"))))
    assert sorted(names) == [
        *("cutouts/mug (2).png", "cutouts/mug.png", "cutouts/чашка.png", "report.csv", "report.json"),
    ]
    assert {row["state"] for row in rows} == {"succeeded", "refused"}


def test_a_folder_is_dropped_as_a_whole(visit: Visit, local_url: str, folder: Path) -> None:
    page = visit(local_url)
    open_tab(page, "Many photos")
    box = page.locator("#batch-files").bounding_box()
    assert box
    spot = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **spot, "data": data})
    expect(page.locator("#batch-told")).to_contain_text("Photos: 3. Files left out: 1", timeout=SLOW_MS)
