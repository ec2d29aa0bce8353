"""The first run of BiRefNet-lite in the page: a bar of megabytes while its weights come from the hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

import app
from providers import Fetcher
from settings import Settings
from tests.browser.acting import SLOW_MS, choose_model, run, upload, wait_for_end
from tests.browser.conftest import Visit
from tests.fakes.behaviours import Reply, Silence
from tests.fakes.graphs import heavy
from tests.fakes.hub_server import HubServer
from tests.fakes.weights import pin_of
from tests.serving import serving

GRAPH = heavy()
CHUNK, PART = 50_000, 1_500_000


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """What `huggingface_hub` asks comes in small pieces, so that there is something to tell of half a file."""
    from huggingface_hub import file_download

    pin = pin_of(GRAPH)
    monkeypatch.setattr(file_download.constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
    with HubServer(pin, GRAPH) as server:
        monkeypatch.setattr(app, "BIREFNET_LITE", pin)
        monkeypatch.setattr(app, "Fetcher", lambda pin: Fetcher(pin, server.url))
        yield server


@pytest.fixture
def fetching_url(hub: HubServer, tmp_path: Path) -> Iterator[str]:  # in place before the program is built
    with serving(Settings(data_dir=tmp_path / "data", birefnet_download="on")) as served:
        yield served.url


def test_while_the_weights_come_the_bar_counts_megabytes(
    visit: Visit, fetching_url: str, hub: HubServer, photo: Path
) -> None:
    hub.downloads.extend([Reply(200, GRAPH[:PART], claims=len(GRAPH)), Silence()])
    page = visit(fetching_url, "ru-RU")
    upload(page, photo)
    choose_model(page, "BiRefNet-lite")
    run(page)
    expect(page.locator("#status .seconds")).to_have_text("1,5 из 2,5 МБ", timeout=SLOW_MS)
    expect(page.locator("#status .bar span")).to_have_attribute("style", "width:60.0%")
    page.click("#stop")
    expect(page.locator("#run")).to_be_enabled(timeout=SLOW_MS)


def test_once_the_weights_are_there_the_cutout_is_made(
    visit: Visit, fetching_url: str, hub: HubServer, photo: Path
) -> None:
    page = visit(fetching_url)
    upload(page, photo)
    choose_model(page, "BiRefNet-lite")
    run(page)
    wait_for_end(page, "good")
    expect(page.locator("#caption")).to_contain_text("Made by BiRefNet-lite")
    assert len(hub.ranges) == 1
