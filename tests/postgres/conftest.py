"""Two workers on one PostgreSQL, as two processes would have it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import Core
from settings import Settings
from tests.cores import core_of
from tests.fakes.postgres import postgres, programs

OURS = (
    "batch_items",
    "batches",
    "journal",
    "attempts",
    "runs",
    "idempotency_keys",
    "breakers",
    "spend",
    "provider_calls",
    "procrastinate_jobs",
)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with postgres() as url:
        yield url


@pytest.fixture
def workers(address: str, tmp_path: Path) -> Iterator[tuple[Core, Core]]:
    """Two processes' worth of the program on one database and one folder."""
    settings = Settings(data_dir=tmp_path / "data", database_url=address, batch_at_once=2)
    cores = [core_of(settings, lease=timedelta(seconds=1)) for _ in range(2)]
    yield cores[0], cores[1]
    with cores[0].database.write() as session:
        for table in OURS:
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # names of ours
    for core in cores:
        core.database.close()
