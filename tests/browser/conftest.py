"""A Chromium, and the whole program behind it: without a token, or with a fake Replicate."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import text

from providers import Timing
from settings import Settings
from tests.fakes.replicate_server import ReplicateServer
from tests.find_chromium import chromium
from tests.photos import jpeg, product_photo
from tests.serving import Served, hosted_settings, serving

Visit = Callable[..., Page]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser. Gradio leaves sockets to the garbage collector, whenever that runs."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


async def briefly(seconds: float) -> None:
    """The pauses between polls, shortened."""
    await asyncio.sleep(min(seconds, 0.05))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after each module: while Playwright is open no other test of the process can use `asyncio.run`."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def local_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The program as it starts without any setting."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    with serving(settings) as served:
        yield served.url


@pytest.fixture(scope="module")
def _hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ReplicateServer() as replicate:
        settings = hosted_settings(replicate, data_dir=tmp_path_factory.mktemp("hosted"))
        with serving(settings, Timing(sleep=briefly), replicate) as served:
            yield served


@pytest.fixture
def hosted(_hosted: Served) -> Served:
    """The program with a token for a fake Replicate that remembers nothing, and with no model that rests."""
    assert _hosted.replicate
    _hosted.replicate.forget()
    with _hosted.core.database.write() as session:
        session.execute(text("DELETE FROM breakers"))
    return _hosted


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens the page as a new visitor and waits until it is theirs; every request to another host fails the test."""
    strangers: list[str] = []
    opened: list[Page] = []

    def open_page(url: str, locale: str = "en-US", width: int = 1280, **context: Any) -> Page:
        page = browser.new_context(locale=locale, viewport={"width": width, "height": 850}, **context).new_page()
        page.on("request", functools.partial(_note_stranger, strangers, url.partition("?")[0]))
        page.goto(url)
        page.locator("#card .card").wait_for(state="attached")  # a link may open another tab than the card's
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.context.close()
    assert strangers == []


def _note_stranger(strangers: list[str], url: str, request: Any) -> None:
    if not request.url.startswith((url, "data:", "blob:")):
        strangers.append(request.url)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "mug.jpg"
    path.write_bytes(jpeg(product_photo(480, 360)))
    return path
