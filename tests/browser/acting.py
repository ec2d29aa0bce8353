"""What a visitor does, in one word each."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Page, TimeoutError, expect

SLOW_MS = 30_000
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


def upload(page: Page, photo: Path) -> None:
    page.set_input_files("#photo input[type=file]", photo)
    expect(page.locator("#photo img").first).to_be_visible(timeout=SLOW_MS)


def run(page: Page) -> None:
    page.click("#run")


def choose_model(page: Page, name: str) -> None:
    page.click("#model input")
    page.get_by_role("option", name=name).click()


def wait_for_end(page: Page, mood: str) -> None:
    """`mood` is good, warn or bad."""
    expect(page.locator(f"#status .{mood}")).to_be_visible(timeout=SLOW_MS)


def wait_for_both_pictures(page: Page) -> None:
    """The photo and its cutout, loaded and not merely announced."""
    loaded = "[...document.querySelectorAll('#result img')].filter((one) => one.naturalWidth > 0).length === 2"
    page.wait_for_function(loaded, timeout=SLOW_MS)


def unreadable(page: Page) -> list[str]:
    """Texts with too little contrast, by light and by dark, once colours have stopped changing."""
    found: list[str] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", scheme == "dark")
        with suppress(TimeoutError):
            page.wait_for_function(f"({CONTRAST})().length === 0", timeout=3000)
        found += [f"{scheme}: {text}" for text in page.evaluate(CONTRAST)]
    return found


def wait_until(true: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return true()
