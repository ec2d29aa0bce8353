"""Calls of a hosted provider take turns, over all workers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app import Core
from database import Database, migrate
from domain import Outcome, SelectionRequest
from providers import Timing
from runs import Calls
from tests.cores import QUICK, core_of
from tests.fakes.behaviours import forever
from tests.fakes.replicate_server import BIREFNET, ReplicateServer
from tests.runs.running import mug, run
from tests.serving import hosted_settings

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_no_more_are_under_way_than_are_allowed_whichever_worker_asks(database: Database, clock: Clock):
    another = Database(str(database.engine.url))
    migrate(another)
    here, there = (Calls(one, clock, at_once=2, per_minute=100) for one in (database, another))
    first, second = here.enter("replicate", 60), there.enter("replicate", 60)
    assert first.call_id
    assert second.call_id
    assert here.enter("replicate", 60).call_id is None
    assert there.enter("another", 60).call_id
    there.leave(first.call_id)
    assert here.enter("replicate", 60).call_id
    another.close()


def test_a_worker_that_died_holds_its_place_only_as_long_as_its_call_could_last(database: Database, clock: Clock):
    calls = Calls(database, clock, at_once=1, per_minute=100)
    calls.enter("replicate", 60)
    clock.now += timedelta(seconds=59)
    assert calls.enter("replicate", 60).wait_s == 1
    clock.now += timedelta(seconds=2)
    assert calls.enter("replicate", 60).call_id


def test_no_more_are_sent_in_a_minute_than_are_allowed_though_they_are_over(database: Database, clock: Clock):
    calls = Calls(database, clock, at_once=9, per_minute=3)
    for _ in range(3):
        calls.leave(calls.enter("replicate", 60).call_id)
        clock.now += timedelta(seconds=10)
    assert calls.enter("replicate", 60).wait_s == 30
    clock.now += timedelta(seconds=31)
    assert calls.enter("replicate", 60).call_id
    assert calls.enter("replicate", 60).wait_s == pytest.approx(9)


def test_a_run_waits_for_its_turn_and_leaves_its_place(replicate: ReplicateServer, tmp_path):
    core = core_of(hosted_settings(replicate, data_dir=tmp_path, provider_at_once=1))
    wish = SelectionRequest(model_id="birefnet")

    async def three() -> list[str]:
        started = [await core.service.start(mug(), wish) for _ in range(3)]
        await core.service.settle()
        return [(await core.service.result(run_id)).status for run_id in started]

    assert asyncio.run(three()) == ["succeeded"] * 3
    assert _purchases_and_deliveries(replicate) == ["bought", "delivered"] * 3
    core.database.close()


def _purchases_and_deliveries(replicate: ReplicateServer) -> list[str]:
    """From the provider's own log."""
    kinds = {"POST": "bought", "GET": "delivered"}
    wanted = [one for one in replicate.requests if one in replicate.creations or one.path.startswith("/delivery/")]
    return [kinds[one.method] for one in wanted]


def test_without_a_turn_before_the_deadline_nothing_is_sent_and_the_next_model_is_asked(core_without_room: Core):
    result = run(core_without_room.service, SelectionRequest(model_id="birefnet"))
    assert [(one.outcome, one.error, one.cost_usd) for one in result.attempts] == [(Outcome.FAILED, "no_turn", 0.0)]
    assert core_without_room.tools.breakers.resting(core_without_room.service.models()) == {}


@pytest.fixture
def core_without_room(replicate: ReplicateServer, tmp_path):
    """The only place is taken, and a clock that moves with every look."""
    ticks = iter(range(0, 10**9, 5))
    timing = Timing(clock=lambda: float(next(ticks)), sleep=QUICK.sleep)
    core = core_of(hosted_settings(replicate, data_dir=tmp_path, provider_at_once=1), timing)
    replicate.always(BIREFNET, forever())
    Calls(core.database, core.tools.now, 1, 100).enter("replicate", 3600)
    yield core
    assert replicate.creations == []
    core.database.close()
