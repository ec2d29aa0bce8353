"""Seconds from pressing Run in a real browser to the cutout of a 12 MP JPEG by the embedded engine.

    python -m bench.first_cutout [--url http://127.0.0.1:7860] [--rounds 3]

Starts a program of its own unless `--url` names one that is running. The first round is the first run of that program.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from app import build
from observability import configure_logging
from settings import Settings
from tests.find_chromium import chromium
from tests.photos import jpeg, product_photo

ASKED_S = 5.0
PATIENCE_MS = 60_000


@contextmanager
def served(url: str | None, folder: Path) -> Iterator[str]:
    if url:
        yield url
        return
    app = build(Settings(data_dir=folder / "data"))
    _, address, _ = app.launch(prevent_thread_lock=True, quiet=True)
    yield address
    app.page.close(verbose=False)


def seconds_to_cutout(page: Page, url: str, photo: Path) -> float:
    page.goto(url)
    page.locator("#card .card").wait_for()
    page.locator("#photo input[type=file]").set_input_files(photo)
    page.locator("#photo img").wait_for()
    begun = time.perf_counter()
    page.locator("#run").click()
    page.locator("#download-cutout").wait_for(timeout=PATIENCE_MS)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url")
    parser.add_argument("--rounds", type=int, default=3)
    configure_logging(logging.ERROR)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, served(options.url, Path(name)) as url, sync_playwright() as playwright:
        photo = Path(name) / "photo.jpg"
        photo.write_bytes(jpeg(product_photo(4000, 3000)))
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for number in range(1, options.rounds + 1):
            seconds = seconds_to_cutout(browser.new_page(), url, photo)
            print(f"run {number}: {seconds:.2f} s   asked: under {ASKED_S:.0f} s")
        browser.close()


if __name__ == "__main__":
    main()
