"""The program served as a person runs it, once for a whole worker."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from gradio_client import Client
from pydantic import SecretStr

from app import App, build
from settings import Settings
from tests.conftest import QUICK
from tests.fakes.replicate_server import ReplicateServer
from tests.photos import jpeg, product_photo


@dataclass(frozen=True)
class Served:
    """`url` has no slash at its end; `replicate` is None where the program has no token."""

    url: str
    app: App
    replicate: ReplicateServer | None = None

    def client(self) -> Client:
        return Client(self.url, verbose=False)


@contextmanager
def serving(settings: Settings, replicate: ReplicateServer | None = None) -> Iterator[Served]:
    app = build(settings, QUICK)
    _, url, _ = app.launch(prevent_thread_lock=True, quiet=True, server_port=_free_port())
    try:
        yield Served(url.rstrip("/"), app, replicate)
    finally:
        app.page.close(verbose=False)
        app.core.database.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Served without a token."""
    with serving(Settings(data_dir=tmp_path_factory.mktemp("local"))) as served:
        yield served


@pytest.fixture(scope="session")
def _hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ReplicateServer() as replicate:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("hosted"),
            replicate_api_token=SecretStr(replicate.token),
            replicate_base_url=replicate.url,
        )
        with serving(settings, replicate) as served:
            yield served


@pytest.fixture
def hosted(_hosted: Served) -> Iterator[Served]:
    """Served with a token for a fake Replicate that remembers nothing of the test before."""
    assert _hosted.replicate
    _hosted.replicate.forget()
    yield _hosted
    _hosted.replicate.forget()


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """The path of a JPEG of a mug."""
    path = tmp_path / "mug.jpg"
    path.write_bytes(jpeg(product_photo(320, 240)))
    return str(path)
