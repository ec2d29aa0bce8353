"""Seconds from a click on "Mend" to the new preview on the page, for a stroke on a photo of 12 megapixels.

    python -m bench.touchup [--rounds 5] [--megapixels 12]

In a real browser, against a program of its own: until the new preview is shown, until the easel can be painted on
again, and until the mended PNG can be downloaded.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from bench.first_cutout import served
from observability import configure_logging
from tests.find_chromium import chromium
from tests.photos import jpeg, product_photo

ASKED_S = 1.0
PATIENCE_MS = 60_000
AFTER = "[...document.querySelectorAll('#slider img')].find((one) => one.src.includes('after'))"
SHOWN = f"(old) => {{ const now = {AFTER}; return now && now.src !== old && now.complete && now.naturalWidth > 0; }}"


@dataclass(frozen=True)
class Times:
    """Seconds from the click."""

    preview: float
    easel: float
    download: float


def cut_and_open(page: Page, url: str, photo: Path) -> None:
    page.goto(url)
    page.locator("#card .card").wait_for()
    page.locator("#photo input[type=file]").set_input_files(photo)
    page.locator("#photo img").wait_for()
    page.locator("#run").click()
    page.locator("#touchup").wait_for(timeout=PATIENCE_MS)
    page.locator("#touchup button").first.click()
    page.wait_for_function("document.querySelector('#touchup-editor img')?.naturalWidth > 0", timeout=PATIENCE_MS)


def paint(page: Page, number: int) -> None:
    """A stroke over a tenth of the picture, at another place each time."""
    canvas = page.locator("#touchup-editor canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    x, y = box["x"] + (0.15 + 0.12 * (number % 6)) * box["width"], box["y"] + (0.3 + 0.1 * (number % 4)) * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 0.1 * box["width"], y, steps=5)
    page.mouse.up()


def mended(page: Page, number: int) -> Times:
    page.wait_for_function("!document.querySelector('#touchup-apply').disabled", timeout=PATIENCE_MS)
    paint(page, number)
    old, key = page.evaluate(f"{AFTER}.src"), page.locator(".easel").get_attribute("data-key")
    link = "document.querySelector('#download-cutout')?.href ?? document.querySelector('#download-cutout a')?.href"
    before = page.evaluate(link)
    begun = time.perf_counter()
    page.locator("#touchup-apply").click()
    page.wait_for_function(SHOWN, arg=old, timeout=PATIENCE_MS, polling=10)
    preview = time.perf_counter() - begun
    fresh = "(key) => document.querySelector('.easel').dataset.key !== key"
    page.wait_for_function(fresh, arg=key, timeout=PATIENCE_MS, polling=10)
    easel = time.perf_counter() - begun
    page.wait_for_function(f"(old) => ({link}) !== old", arg=before, timeout=PATIENCE_MS, polling=10)
    return Times(preview, easel, time.perf_counter() - begun)


def rounds(options: argparse.Namespace) -> Iterator[Times]:
    side = round((options.megapixels * 1e6 / 12) ** 0.5)
    with tempfile.TemporaryDirectory() as name, served(None, Path(name)) as url, sync_playwright() as playwright:
        photo = Path(name) / "photo.jpg"
        photo.write_bytes(jpeg(product_photo(4 * side, 3 * side)))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        cut_and_open(page, url, photo)
        for number in range(options.rounds):
            yield mended(page, number)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megapixels", type=float, default=12)
    configure_logging(logging.ERROR)
    everything = []
    for number, one in enumerate(rounds(parser.parse_args()), 1):
        everything.append(one)
        print(
            f"stroke {number}: {one.preview:.2f} s to the preview, {one.easel:.2f} s to the easel, "
            f"{one.download:.2f} s to the file"
        )
    print(f"median {median(one.preview for one in everything):.2f} s to the preview   asked: under {ASKED_S:.0f} s")


if __name__ == "__main__":
    main()
