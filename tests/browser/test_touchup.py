"""Mending a cutout with the mouse, with fingers and with the keyboard."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import SLOW_MS, run, unreadable, upload, wait_for_end
from tests.browser.conftest import Visit

MUG, WALL = (0.38, 0.7), (0.1, 0.3)
"""Places on the photo, in shares of its sides."""


def open_easel(page: Page, photo: Path) -> Locator:
    upload(page, photo)
    run(page)
    wait_for_end(page, "good")
    page.locator("#touchup button").first.click()
    canvas = page.locator("#touchup-editor canvas")
    expect(canvas).to_be_visible(timeout=SLOW_MS)
    page.wait_for_function("document.querySelector('#touchup-editor img').naturalWidth > 0")
    canvas.scroll_into_view_if_needed()
    return canvas


def paint(page: Page, canvas: Locator, at: tuple[float, float]) -> None:
    """A short stroke around the place."""
    box = canvas.bounding_box()
    assert box
    x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
    page.mouse.move(x - 6, y)
    page.mouse.down()
    page.mouse.move(x + 6, y, steps=4)
    page.mouse.up()


def apply(page: Page) -> None:
    page.click("#touchup-apply")


def says(page: Page, sentence: str) -> None:
    expect(page.locator("#status")).to_contain_text(sentence, timeout=SLOW_MS)


def alpha(page: Page, at: tuple[float, float], button: str = "#download-cutout") -> int:
    """Of the picture that the button downloads."""
    with page.expect_download() as download:
        page.click(button)
    with Image.open(download.value.path()) as picture:
        matte = picture.getchannel("A") if picture.mode == "RGBA" else picture
        return int(matte.getpixel((int(at[0] * picture.width), int(at[1] * picture.height))))


def test_red_erases_green_keeps_the_brush_stays_in_the_hand_and_undo_brings_everything_back(
    visit: Visit, local_url: str, photo: Path
) -> None:
    page = visit(local_url)
    canvas = open_easel(page, photo)
    expect(page.locator("#touchup-undo")).to_be_disabled()
    paint(page, canvas, MUG)
    page.get_by_role("button", name="Keep").click()
    page.locator(".easel-size input").fill("40")
    paint(page, canvas, WALL)
    key = page.locator(".easel").get_attribute("data-key")
    apply(page)
    says(page, "Mended")
    assert [alpha(page, MUG), alpha(page, WALL), alpha(page, WALL, "#download-matte")] == [0, 255, 255]

    expect(page.locator(".easel")).not_to_have_attribute("data-key", key or "", timeout=SLOW_MS)
    expect(page.locator(".easel")).to_have_attribute("data-brush", "keep")
    expect(page.get_by_role("button", name="Keep")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".easel-size input")).to_have_value("40")
    expect(page.locator(".easel-back")).to_be_disabled()
    assert page.evaluate("window.cutoutStrokes()") == ""
    paint(page, canvas, MUG)
    sent = page.evaluate("document.querySelector('#touchup-editor canvas').width")
    assert sent == page.evaluate("document.querySelector('#touchup-editor img').naturalWidth")

    page.click("#touchup-undo")
    says(page, "Undone")
    assert [alpha(page, MUG), alpha(page, WALL)] == [255, 0]
    expect(page.locator("#touchup-undo")).to_be_disabled()


def test_a_stroke_taken_back_does_not_count_and_a_new_run_closes_the_easel(
    visit: Visit, local_url: str, photo: Path
) -> None:
    page = visit(local_url)
    expect(page.locator("#touchup")).to_be_hidden()
    canvas = open_easel(page, photo)
    paint(page, canvas, MUG)
    page.get_by_label("Take the last stroke back").click()
    apply(page)
    expect(page.get_by_test_id("toast-body")).to_contain_text("Paint over something")
    expect(page.locator("#touchup-apply")).to_be_enabled()
    run(page)
    expect(page.locator("#touchup-editor")).to_be_hidden()
    wait_for_end(page, "good")
    expect(page.locator("#touchup")).to_be_visible()


def test_on_a_phone_fingers_paint_and_the_change_is_seen_where_the_button_was_pressed(
    visit: Visit, local_url: str, photo: Path
) -> None:
    page = visit(local_url, "ru-RU", width=390, has_touch=True)
    canvas = open_easel(page, photo)
    canvas.tap()
    expect(page.locator(".easel-back")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".brush").first.bounding_box()["height"] >= 44
    assert unreadable(page) == []
    page.locator("#timeline").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#touchup-apply').scrollIntoView({ block: 'start' })")
    expect(canvas).not_to_be_in_viewport(ratio=1)
    apply(page)
    expect(canvas).to_be_in_viewport(ratio=1)
    expect(page.locator("#touchup-apply")).to_be_in_viewport()
    says(page, "Поправлено")


def test_the_finish_needs_no_paint_and_reset_takes_it_back(visit: Visit, local_url: str, photo: Path) -> None:
    page = visit(local_url, "ru-RU")
    open_easel(page, photo)
    page.locator("#touchup-shift input[type=number]").fill("3")
    page.locator("#touchup-holes input").check()
    apply(page)
    says(page, "Поправлено")
    page.click("#touchup-reset")
    says(page, "Снова показана вырезка модели")
    expect(page.locator("#touchup-shift input[type=number]")).to_have_value("0")
    expect(page.locator("#touchup-holes input")).not_to_be_checked()
