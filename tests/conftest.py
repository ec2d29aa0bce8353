"""What tests share: settings of their own, a migrated database, a fake Replicate, and a guard of the network."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="cutout-router-tests-")

import pytest
from pydantic import SecretStr

from app import SEED, Core
from database import Database
from registry import ModelRegistry, apply_seed, load_seed
from settings import Settings
from tests.cores import core_of, fresh
from tests.fakes.replicate_server import ReplicateServer
from tests.leaks import WATCH

for name in Settings.model_fields:
    os.environ.pop(name.upper(), None)  # what this machine is set to is nothing to the tests

LOCAL_HOSTS = {"127.0.0.1", "::1", "localhost"}


def _refuse_strangers(event: str, arguments: tuple[object, ...]) -> None:
    """Every connection to another machine is an error of the test that makes it."""
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in LOCAL_HOSTS:
        raise AssertionError(f"a test tried to reach {arguments[1]}")


sys.addaudithook(_refuse_strangers)


SettingsMaker = Callable[..., Settings]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, Any]:
    """What a test printed and logged is looked at, too."""
    report = yield
    for title, text in report.sections:
        WATCH.look(f"{title} of {item.nodeid}", text.encode())
    return report


@pytest.fixture(scope="session", autouse=True)
def no_token_anywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """At the end of everything: the token was seen nowhere but at the fake Replicate."""
    yield
    WATCH.look_into([tmp_path_factory.getbasetemp(), Path(os.environ["GRADIO_TEMP_DIR"])])
    assert WATCH.found == []


@pytest.fixture
def make_settings(tmp_path: Path) -> SettingsMaker:
    """Settings of a program that keeps everything in the test's own folder."""

    def make(**given: object) -> Settings:
        return Settings(**{"data_dir": tmp_path / "data", **given})

    return make


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A migrated database without a row of ours."""
    path = tmp_path / "test.db"
    path.write_bytes(fresh(seeded=False))
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def registry(database: Database) -> ModelRegistry:
    """The registry as a fresh installation has it."""
    apply_seed(database, load_seed(SEED))
    return ModelRegistry(database)


@pytest.fixture
def replicate() -> Iterator[ReplicateServer]:
    with ReplicateServer() as server:
        yield server


@pytest.fixture
def local_core(make_settings: SettingsMaker) -> Iterator[Core]:
    """The program without its page and without a token."""
    core = core_of(make_settings())
    yield core
    core.database.close()


@pytest.fixture
def hosted_core(make_settings: SettingsMaker, replicate: ReplicateServer) -> Iterator[Core]:
    """The program without its page, with a token for the fake Replicate."""
    token = SecretStr(replicate.token)
    core = core_of(make_settings(replicate_api_token=token, replicate_base_url=replicate.url))
    yield core
    core.database.close()
