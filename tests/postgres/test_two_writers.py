"""What SQLite's single writer gives for nothing: on PostgreSQL two write at once, and each has to see the other."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import text

from app import SEED, Core
from domain import Cap, SelectionRequest
from errors import TimedOut
from registry import load_seed
from runs import Breakers, Calls, Ledger, Payer
from service import utc_now
from tests.races import overlapping
from tests.runs.running import mug

MODEL = next(model for model in load_seed(SEED) if not model.is_local)


def test_one_key_is_one_run_also_when_it_comes_to_two_at_once(workers: tuple[Core, Core]):
    upload = mug()

    def start(core: Core) -> str:
        async def begin() -> str:
            run_id = await core.service.start(upload, SelectionRequest(), key="k")
            await core.service.settle()
            return run_id

        return asyncio.run(begin())

    here, there = workers
    first, second = overlapping(here.database, lambda: start(here), lambda: start(there))
    assert first == second


def test_two_runs_that_reserve_at_once_do_not_pass_the_cap(workers: tuple[Core, Core]):
    here, there = (Ledger(core.database, utc_now, {Cap.DAY: 0.05}) for core in workers)
    got = overlapping(
        workers[0].database,
        lambda: here.reserve(Payer("a"), {"v2": 0.03}),
        lambda: there.reserve(Payer("b"), {"v2": 0.03}),
    )
    assert got == (True, False)


def test_a_breaker_that_opens_again_lets_one_of_two_try(workers: tuple[Core, Core]):
    today, later = Breakers(workers[0].database, utc_now), utc_now() + timedelta(days=1)
    for _ in range(5):
        leave = today.admit(MODEL, 60)
        assert leave
        today.settle(leave, TimedOut())
    mine, theirs = (Breakers(core.database, lambda: later) for core in workers)
    tries = overlapping(workers[0].database, lambda: mine.admit(MODEL, 60), lambda: theirs.admit(MODEL, 60))
    assert [leave is not None for leave in tries] == [True, False]


def test_the_last_place_at_a_provider_goes_to_one_of_two(workers: tuple[Core, Core]):
    here, there = (Calls(core.database, utc_now, at_once=1, per_minute=9) for core in workers)
    turns = overlapping(workers[0].database, lambda: here.enter("p", 60), lambda: there.enter("p", 60))
    assert [turn.call_id is not None for turn in turns] == [True, False]


def test_what_is_read_together_is_of_one_moment(workers: tuple[Core, Core]):
    count = text("SELECT count(*) FROM provider_calls")
    calls = Calls(workers[1].database, utc_now, at_once=9, per_minute=9)
    with workers[0].database.read() as session:
        before = session.scalar(count)
        assert calls.enter("p", 60).call_id
        assert session.scalar(count) == before
    with workers[0].database.read() as session:
        assert session.scalar(count) == before + 1
