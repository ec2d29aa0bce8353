"""Weights from a hub on this machine: fetched once, resumed, checked, and given up cleanly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from domain import OutputKind, ProviderKind
from errors import TimedOut, WeightsFault
from providers import BIREFNET_LITE, Come, Fetcher, LiteConfig, Progress, Stage, Timing, pinned
from providers.birefnet_lite import BirefnetLiteProvider
from providers.weights import COMMUNITY, PUBLISHED
from providers.worker import Abandoned, Stop
from tests.fakes.behaviours import Drop, Reply
from tests.fakes.graphs import red_object
from tests.fakes.hub_server import HubServer
from tests.fakes.weights import TINY, pin_of
from tests.providers.conftest import a_model, small_photo

MODEL = a_model(ProviderKind.BIREFNET_LITE)
GRAPH = red_object()
HALF = len(GRAPH) // 2


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """The hub, and a huggingface_hub that does not sleep between its tries."""
    from huggingface_hub import file_download

    monkeypatch.setattr(file_download, "time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(file_download.constants, "DOWNLOAD_CHUNK_SIZE", 50)
    with HubServer(TINY, GRAPH) as server:
        yield server


def fetch(hub: HubServer, folder: Path, stop: Stop | None = None) -> list[float]:
    """Fetch and answer with the shares that were told."""
    shares: list[float] = []
    path = pinned(hub.pin, folder).path
    Fetcher(hub.pin, hub.url).fetch(path, lambda come: shares.append(come.share), stop or Stop())
    return shares


def refused(hub: HubServer, folder: Path) -> str:
    """Why it could not be fetched; nothing is left that anybody could take for the weights."""
    with pytest.raises(WeightsFault) as caught:
        fetch(hub, folder)
    assert not pinned(hub.pin, folder).there
    return str(caught.value)


def test_the_file_comes_whole_and_tells_how_much_of_it_is_there(hub: HubServer, tmp_path: Path) -> None:
    shares = fetch(hub, tmp_path / "new")
    assert pinned(TINY, tmp_path / "new").read() == GRAPH
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert len(shares) > 3


def test_a_file_that_is_there_is_not_fetched_again(hub: HubServer, tmp_path: Path) -> None:
    fetch(hub, tmp_path)
    before = len(hub.requests)
    assert fetch(hub, tmp_path) == []
    assert len(hub.requests) == before


def test_no_account_is_told(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch(hub, tmp_path)
    assert all("authorization" not in request.headers for request in hub.requests)


def test_a_connection_that_breaks_off_is_taken_up_where_it_broke(hub: HubServer, tmp_path: Path) -> None:
    hub.downloads.append(Reply(200, GRAPH[:HALF], claims=len(GRAPH)))
    fetch(hub, tmp_path)
    resumed = int(hub.ranges[1].removeprefix("bytes=").removesuffix("-"))
    assert 0 < resumed <= HALF
    assert pinned(TINY, tmp_path).read() == GRAPH


def test_what_came_before_the_end_of_the_program_is_not_fetched_again(hub: HubServer, tmp_path: Path) -> None:
    pinned(TINY, tmp_path).path.with_suffix(".part").write_bytes(GRAPH[:HALF])
    shares = fetch(hub, tmp_path)
    assert hub.ranges == [f"bytes={HALF}-"]
    assert shares[0] == pytest.approx(HALF / len(GRAPH))
    assert pinned(TINY, tmp_path).read() == GRAPH


def test_a_part_that_is_too_long_is_thrown_away(hub: HubServer, tmp_path: Path) -> None:
    pinned(TINY, tmp_path).path.with_suffix(".part").write_bytes(GRAPH + b"more")
    fetch(hub, tmp_path)
    assert pinned(TINY, tmp_path).read() == GRAPH


def test_another_file_of_the_same_size_is_refused_and_thrown_away(hub: HubServer, tmp_path: Path) -> None:
    hub.file = b"\x00" * len(GRAPH)
    assert "another SHA-256" in refused(hub, tmp_path)
    assert list(tmp_path.glob("*.part")) == []


def test_a_file_of_another_size_is_refused_before_it_is_fetched(hub: HubServer, tmp_path: Path) -> None:
    hub.file = GRAPH + b"more"
    assert f"{len(hub.file)} bytes where {len(GRAPH)} are expected" in refused(hub, tmp_path)
    assert hub.ranges == []


def test_a_file_that_always_ends_too_soon_is_given_up(hub: HubServer, tmp_path: Path) -> None:
    hub.downloads.extend(Drop() for _ in range(20))
    assert "could not be fetched" in refused(hub, tmp_path)


def test_a_file_that_has_gone_is_said_so(hub: HubServer, tmp_path: Path) -> None:
    hub.pin = replace(TINY, file="onnx/gone.onnx")
    with pytest.raises(WeightsFault, match="EntryNotFound"):
        Fetcher(TINY, hub.url).fetch(tmp_path / "w.onnx", lambda _: None, Stop())


def test_without_a_network_it_is_said_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(WeightsFault, match="could not be fetched"):
        Fetcher(TINY, f"http://127.0.0.1:{port}").fetch(tmp_path / "w.onnx", lambda _: None, Stop())


def test_a_stop_ends_the_download_and_keeps_what_came(hub: HubServer, tmp_path: Path) -> None:
    stop, path = Stop(), pinned(TINY, tmp_path).path
    with pytest.raises(Abandoned):
        Fetcher(TINY, hub.url).fetch(path, lambda come: stop.set() if come.share > 0.5 else None, stop)
    kept = path.with_suffix(".part").stat().st_size
    assert 0 < kept < len(GRAPH)
    fetch(hub, tmp_path)
    assert hub.ranges == [None, f"bytes={kept}-"]


def test_who_waits_for_another_process_stops_waiting_when_told(hub: HubServer, tmp_path: Path) -> None:
    stop, path = Stop(), pinned(TINY, tmp_path).path
    stop.set()
    with FileLock(path.with_suffix(".lock")), pytest.raises(Abandoned):
        Fetcher(TINY, hub.url).fetch(path, lambda _: None, stop)
    assert hub.requests == []


# As a model does it


def lite(hub: HubServer, folder: Path) -> BirefnetLiteProvider:
    return BirefnetLiteProvider(LiteConfig(pinned(TINY, folder), Fetcher(TINY, hub.url)), Timing())


def test_a_model_that_may_fetch_is_ready_and_fetches_at_its_first_run_only(hub: HubServer, tmp_path: Path) -> None:
    provider = lite(hub, tmp_path)
    told: list[Progress] = []
    assert provider.ready(MODEL).ready
    assert hub.requests == []

    async def twice() -> list[OutputKind]:
        return [(await provider.run(small_photo(), MODEL, 60, told.append)).kind for _ in range(2)]

    assert asyncio.run(twice()) == [OutputKind.MASK] * 2
    stages = [progress.stage for progress in told]
    assert stages == [Stage.FETCHING] * (len(stages) - 2) + [Stage.WORKING] * 2
    assert told[0] == Progress(Stage.FETCHING)
    assert told[len(stages) - 3].come == Come(len(GRAPH), len(GRAPH))
    assert len(hub.ranges) == 1


def test_two_runs_at_once_fetch_once(hub: HubServer, tmp_path: Path) -> None:
    provider = lite(hub, tmp_path)

    async def both() -> None:
        await asyncio.gather(*(provider.run(small_photo(), MODEL, 60, lambda _: None) for _ in range(2)))

    asyncio.run(both())
    assert len(hub.ranges) == 1


def test_the_deadline_bounds_the_download(hub: HubServer, tmp_path: Path) -> None:
    provider, path = lite(hub, tmp_path), pinned(TINY, tmp_path).path
    with FileLock(path.with_suffix(".lock")), pytest.raises(TimedOut):
        asyncio.run(provider.run(small_photo(), MODEL, 0.05, lambda _: None))


def test_a_wrong_download_leaves_the_model_without_weights(hub: HubServer, tmp_path: Path) -> None:
    hub.file = b"\x00" * len(GRAPH)
    with pytest.raises(WeightsFault):
        asyncio.run(lite(hub, tmp_path).run(small_photo(), MODEL, 60, lambda _: None))
    assert not pinned(TINY, tmp_path).there


@pytest.mark.parametrize("pin", PUBLISHED)
def test_what_is_published_is_named_by_commit_and_content(pin) -> None:
    assert len(pin.revision) == 40
    assert len(pin.sha256) == 64
    assert int(pin.revision, 16)
    assert int(pin.sha256, 16)


def test_the_smaller_export_is_the_one_that_is_fetched() -> None:
    assert BIREFNET_LITE.size < COMMUNITY.size
    assert pin_of(GRAPH) == TINY
