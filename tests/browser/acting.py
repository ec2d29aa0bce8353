"""What a visitor does, in one word each."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

SLOW_MS = 30_000


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


def pictures(page: Page) -> int:
    """How many pictures of the result have arrived."""
    return page.locator("#result img").evaluate_all("all => all.filter(one => one.naturalWidth > 0).length")
