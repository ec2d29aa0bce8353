"""The page as it is without any token: the embedded engine makes the cutouts."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.acting import SLOW_MS, choose_model, run, unreadable, upload, wait_for_both_pictures, wait_for_end
from tests.browser.conftest import Visit
from tests.photos import jpeg, product_photo


def test_from_an_example_to_a_transparent_png_in_three_clicks(visit: Visit, local_url: str) -> None:
    page = visit(local_url)
    page.get_by_role("button", name="mug").click()
    expect(page.locator("#photo img").first).to_be_visible(timeout=SLOW_MS)
    run(page)
    wait_for_end(page, "good")
    wait_for_both_pictures(page)
    with page.expect_download() as download:
        page.click("#download-cutout")
    with Image.open(download.value.path()) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGBA")
        assert picture.getchannel("A").getextrema() == (0, 255)


def test_the_result_says_who_made_it_what_it_cost_and_why_on_a_checkerboard_and_every_text_can_be_read(
    visit: Visit, local_url: str, photo: Path
) -> None:
    page = visit(local_url)
    expect(page.locator("#status [role=status]")).to_have_attribute("aria-live", "polite", timeout=SLOW_MS)
    upload(page, photo)
    page.locator("#advanced button").first.focus()
    page.keyboard.press("Tab")
    expect(page.locator("#run")).to_be_focused()
    assert page.locator("#run").evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")  # the keyboard is enough
    wait_for_end(page, "good")
    expect(page.locator("#caption")).to_contain_text("Made by Embedded engine")
    expect(page.locator("#caption")).to_contain_text("free")
    expect(page.locator("#timeline")).to_contain_text("Why this model")
    expect(page.locator("#timeline")).to_contain_text("It needs a Replicate token")
    expect(page.locator("#download-matte")).to_be_visible()
    background = page.locator("#slider img").last.evaluate("one => getComputedStyle(one).backgroundImage")
    assert "conic-gradient" in background
    assert unreadable(page) == []
    page.locator("#details button").first.click()
    expect(page.locator("#details")).to_contain_text("policy_version")


def test_a_russian_visitor_reads_russian_and_an_english_one_english_also_when_there_is_no_photo(
    visit: Visit, local_url: str
) -> None:
    russian, english = visit(local_url, "ru-RU"), visit(local_url, "en-US")
    expect(russian.locator("#run")).to_have_text("Вырезать товар")
    expect(russian.locator("#status")).to_contain_text("Добавьте фото")
    expect(russian.locator("#card")).to_contain_text("Сильные стороны")
    expect(english.locator("#run")).to_have_text("Cut out the product")
    expect(english.locator("#card")).to_contain_text("Strengths")
    for page, sentence in ((russian, "Сначала выберите фото."), (english, "Please choose a photo first.")):
        run(page)
        expect(page.get_by_test_id("toast-body")).to_contain_text(sentence)
        expect(page.locator("#status [role=status]")).to_have_text(sentence)
        expect(page.locator("#run")).to_be_enabled()
    russian.click("#model input")
    expect(russian.get_by_role("option").first).to_contain_text("Авто")


def test_the_card_follows_the_model(visit: Visit, local_url: str) -> None:
    page = visit(local_url)
    expect(page.locator("#card")).to_contain_text("Auto, right now")
    choose_model(page, "FLUX Kontext LoRA v2")
    expect(page.locator("#card h3")).to_have_text("FLUX Kontext LoRA v2")
    expect(page.locator("#card .badge")).to_have_text("needs a Replicate token")
    for said in ("Strengths", "Weaknesses", "Guidance", "Steps", "Licence", "Training data"):
        expect(page.locator("#card")).to_contain_text(said)


def test_a_file_that_is_no_picture_is_answered_and_the_next_photo_works(
    visit: Visit, local_url: str, photo: Path, tmp_path: Path
) -> None:
    page = visit(local_url)
    fake = tmp_path / "fake.jpg"
    fake.write_text("no picture at all")
    page.set_input_files("#photo input[type=file]", fake)
    expect(page.locator("#photo img").first).to_be_attached()
    run(page)
    expect(page.locator("#status")).to_contain_text("not a picture")
    page.locator("#photo").get_by_label("Remove").or_(page.locator("#photo").get_by_label("Clear")).first.click()
    upload(page, photo)
    run(page)
    wait_for_end(page, "good")


def test_a_photo_without_a_product_ends_with_what_would_help(visit: Visit, local_url: str, tmp_path: Path) -> None:
    page = visit(local_url)
    path = tmp_path / "wall.png"
    Image.new("RGB", (400, 300), "white").save(path)
    upload(page, path)
    run(page)
    wait_for_end(page, "bad")
    expect(page.locator("#result")).to_contain_text("No cutout this time")
    expect(page.locator("#timeline")).to_contain_text("Why there is no cutout")
    expect(page.locator("#timeline")).to_contain_text("No product was found")
    expect(page.locator("#downloads")).to_be_hidden()


def test_on_a_phone_the_status_comes_into_view_and_a_warning_under_the_picture_can_be_read(
    visit: Visit, local_url: str, tmp_path: Path
) -> None:
    page = visit(local_url, width=390, has_touch=True)
    path = tmp_path / "small.jpg"
    path.write_bytes(jpeg(product_photo(64, 48)))
    upload(page, path)
    run(page)
    wait_for_end(page, "good")
    expect(page.locator("#status")).to_be_in_viewport()
    form, outcome, card = (page.locator(one).bounding_box() for one in ("#run", "#status", "#card"))
    assert form
    assert outcome
    assert card
    assert form["y"] < outcome["y"] < card["y"]
    box = page.locator("#caption").get_by_role("note")
    expect(box).to_have_count(1)
    expect(box).to_contain_text("This photo is very small (64×48), so the edges are coarse.")
    expect(box).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert unreadable(page) == []
