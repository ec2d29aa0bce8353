"""The program served as a person runs it, once for a whole module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gradio_client import Client

from settings import Settings
from tests.cores import QUICK
from tests.fakes.replicate_server import ReplicateServer
from tests.runs.running import mug
from tests.serving import Served, hosted_settings, serving


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Served without a token."""
    with serving(Settings(data_dir=tmp_path_factory.mktemp("local"))) as served:
        yield served


@pytest.fixture(scope="module")
def client(local: Served) -> Iterator[Client]:
    client = local.client()
    yield client
    client.close()


@pytest.fixture(scope="module")
def _hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ReplicateServer() as replicate:
        settings = hosted_settings(replicate, data_dir=tmp_path_factory.mktemp("hosted"))
        with serving(settings, QUICK, replicate) as served:
            yield served


@pytest.fixture
def hosted(_hosted: Served) -> Iterator[Served]:
    """Served with a token for a fake Replicate that remembers nothing of the test before."""
    _hosted.replicate.forget()
    yield _hosted
    _hosted.replicate.forget()


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a JPEG of a mug."""
    path = tmp_path_factory.mktemp("photo") / "mug.jpg"
    path.write_bytes(mug())
    return str(path)
