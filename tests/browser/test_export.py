"""From a cutout to a marketplace's file in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.acting import SLOW_MS, run, unreadable, upload, wait_for_end
from tests.browser.conftest import Visit


def open_panel(page: Page, photo: Path) -> None:
    upload(page, photo)
    run(page)
    wait_for_end(page, "good")
    expect(page.locator("#export")).to_be_visible(timeout=SLOW_MS)
    page.locator("#export button").first.click()
    expect(page.locator("#export-make")).to_be_visible()


def choose(page: Page, marketplace: str) -> None:
    page.click("#export-marketplace input")
    page.get_by_role("option", name=marketplace).click()


def make(page: Page) -> None:
    page.click("#export-make")
    expect(page.locator("#export-download")).to_be_visible(timeout=SLOW_MS)


def test_a_file_for_a_marketplace_then_one_of_ones_own_size_and_a_new_run_takes_it_away(
    visit: Visit, local_url: str, photo: Path
) -> None:
    page = visit(local_url)
    expect(page.locator("#export")).to_be_hidden()
    open_panel(page, photo)
    choose(page, "Wildberries")
    expect(page.locator("#export-told")).to_contain_text("What Wildberries asks")
    make(page)
    told = page.locator("#export-told")
    for said in ("For Wildberries", "Checks passed", "at least 700×900 px", "official [", "seen 2026-11"):
        expect(told).to_contain_text(said)
    page.wait_for_function("document.querySelector('.finished img').naturalWidth > 0")
    with page.expect_download() as download:
        page.click("#export-download")
    assert download.value.suggested_filename == "wildberries-700x934.jpg"
    with Image.open(download.value.path()) as picture:
        assert (picture.format, picture.size) == ("JPEG", (700, 934))
        assert picture.getpixel((0, 0)) == (255, 255, 255)

    choose(page, "Own size")
    for field, value in (("Width", "640"), ("Height", "480")):
        page.get_by_label(f"{field}, px").fill(value)
    page.locator("#export-ground").get_by_text("Colour").click()
    expect(page.locator("#export-colour")).to_be_visible()
    make(page)
    expect(page.locator("#export-told")).to_contain_text("For Own size")
    with page.expect_download() as download:
        page.click("#export-download")
    with Image.open(download.value.path()) as picture:
        assert picture.size == (640, 480)
        assert picture.getpixel((2, 2)) == pytest.approx((243, 239, 232), abs=2)
    run(page)
    expect(page.locator("#export-download")).to_be_hidden(timeout=SLOW_MS)
    wait_for_end(page, "good")


def test_on_a_phone_nothing_sticks_out_and_every_text_can_be_read(visit: Visit, local_url: str, photo: Path) -> None:
    page = visit(local_url, "ru-RU", width=390, has_touch=True)
    open_panel(page, photo)
    choose(page, "Amazon")
    make(page)
    expect(page.locator("#export-told")).to_contain_text("Нарушено")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    badge, title = (page.locator(f".checks tbody tr >> nth=0 >> {one}").bounding_box() for one in ("td >> nth=0", "th"))
    assert badge["x"] >= title["x"] + title["width"]
    assert unreadable(page) == []
