"""Two workers on one PostgreSQL: photos are spread over them, and a worker that dies loses nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import text

from app import Core
from batches import ItemClaim, ItemKey
from domain import BatchStatus, ItemState
from tests.batches.batching import hand_in, report_of, states, taken
from tests.races import overlapping


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


def test_a_photo_stands_in_line_although_more_of_a_batch_that_was_stopped_stand_there(
    workers: tuple[Core, Core], tmp_path: Path
):
    queue, desk = workers[0].batches._tray.queue, workers[0].batches._tray.desk
    stopped = taken(workers[0], hand_in(tmp_path / "up", *(f"{n}.jpg" for n in range(6))))
    single = taken(workers[0], hand_in(tmp_path / "up", "a.jpg"))

    async def through() -> list[str]:
        at_work: list[ItemClaim] = []

        async def never_done(claim: ItemClaim) -> bool:
            at_work.append(claim)
            await asyncio.Event().wait()
            return True

        desk.begin(stopped)
        working = asyncio.create_task(queue.work(never_done))
        while len(at_work) < 2:  # noqa: ASYNC110  # as many as it works on at once
            await asyncio.sleep(0.05)
        desk.stop(stopped)
        desk.begin(single)
        await queue.put(desk.waiting())
        with desk.database.read() as session:
            locks = session.scalars(text("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo'")).all()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return list(locks)

    standing = asyncio.run(through())
    assert f"{single}/1" in standing
    assert len(standing) == 5


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


def test_a_batch_ends_when_its_last_two_photos_end_in_the_same_moment(workers: tuple[Core, Core], tmp_path: Path):
    here, there = (core.batches._tray.desk for core in workers)
    batch_id = taken(workers[0], hand_in(tmp_path / "up", "a.jpg", "b.jpg"))
    here.begin(batch_id)
    first, second = here.claim(ItemKey(batch_id, 1)), there.claim(ItemKey(batch_id, 2))
    assert first
    assert second
    over = {"state": ItemState.SUCCEEDED}
    assert overlapping(
        here.database,
        lambda: here.finish(first, first.item.model_copy(update=over)),
        lambda: there.finish(second, second.item.model_copy(update=over)),
    ) == (True, True)
    assert here.status(batch_id) is BatchStatus.ENDED


def test_a_photo_that_is_put_back_while_its_batch_is_stopped_does_not_wait_for_ever(
    workers: tuple[Core, Core], tmp_path: Path
):
    here, there = (core.batches._tray.desk for core in workers)
    batch_id = taken(workers[0], hand_in(tmp_path / "up", "a.jpg"))
    here.begin(batch_id)
    claim = there.claim(ItemKey(batch_id, 1))
    assert claim
    overlapping(here.database, lambda: here.stop(batch_id), lambda: there.release(claim))
    kept = here.get(batch_id)
    assert kept
    assert [item.state for item in kept.batch.items] == [ItemState.CANCELLED]
