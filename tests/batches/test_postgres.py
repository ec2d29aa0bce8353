"""Two workers on one PostgreSQL: photos are spread over them, and a worker that dies loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import Core
from batches import ItemKey
from domain import BatchStatus, ItemState
from settings import Settings
from tests.batches.batching import hand_in, report_of, states, taken
from tests.cores import core_of
from tests.fakes.postgres import postgres, programs

pytestmark = pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed here")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
def workers(address: str, tmp_path: Path) -> Iterator[tuple[Core, Core]]:
    """Two processes' worth of the program on one database and one folder."""
    settings = Settings(data_dir=tmp_path / "data", database_url=address, batch_at_once=2)
    cores = [core_of(settings, lease=timedelta(seconds=1)) for _ in range(2)]
    yield cores[0], cores[1]
    with cores[0].database.write() as session:
        for table in ("batch_items", "batches", "journal", "attempts", "runs", "procrastinate_jobs"):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # names of ours
    for core in cores:
        core.database.close()


async def until_ended(core: Core, batch_id: str) -> None:
    while (await core.batches.report(batch_id)).status is BatchStatus.RUNNING:  # noqa: ASYNC110  # as the page does
        await asyncio.sleep(0.05)


def test_photos_are_spread_over_the_workers_and_each_is_run_once(workers: tuple[Core, Core], tmp_path: Path):
    here, there = workers
    batch_id = taken(here, hand_in(tmp_path / "up", *(f"{n}.jpg" for n in range(6))))

    async def work() -> None:
        working = [asyncio.create_task(core.batches.work()) for core in workers]
        await here.batches.start(batch_id)
        await until_ended(there, batch_id)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    asyncio.run(work())
    report = report_of(there, batch_id)
    assert states(report) == [ItemState.SUCCEEDED] * 6
    with here.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM runs")) == 6
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0


def test_what_a_dead_worker_held_is_taken_up_when_its_lease_has_lapsed(workers: tuple[Core, Core], tmp_path: Path):
    here, there = workers
    batch_id = taken(here, hand_in(tmp_path / "up", "a.jpg", "b.jpg"))

    async def work() -> None:
        await here.batches.start(batch_id)
        held = here.batches._tray.desk.claim(ItemKey(batch_id, 1))
        assert held, "and here the worker dies"
        with here.database.write() as session:
            session.execute(text("UPDATE batch_items SET lease_until = '2020-01-01' WHERE number = 1"))
        working = asyncio.create_task(there.batches.work())
        await until_ended(there, batch_id)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert not here.batches._tray.desk.finish(held, held.item)

    asyncio.run(work())
    assert states(report_of(there, batch_id)) == [ItemState.SUCCEEDED] * 2
