"""The program behind its wall, with a token that must never be seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from settings import Settings
from tests.cores import QUICK
from tests.fakes.replicate_server import ReplicateServer
from tests.fakes.trap import Trap
from tests.serving import Served, hosted_settings, serving

ADMIN = SecretStr("the-owner's-own-word")


@pytest.fixture(scope="package")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Served once for the whole package: with a token, for a fake Replicate."""
    with ReplicateServer() as replicate:
        settings: Settings = hosted_settings(replicate, data_dir=tmp_path_factory.mktemp("outside"), admin_token=ADMIN)
        with serving(settings, QUICK, replicate) as served:
            yield served


@pytest.fixture
def trap() -> Iterator[Trap]:
    """A machine that nobody should reach."""
    with Trap() as trap:
        yield trap
