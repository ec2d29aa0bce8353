"""Nothing goes on costing money when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from errors import ProviderError, TimedOut
from providers import Fate, Progress, Stage, cleanup, replicate_client
from tests.fakes.behaviours import (
    Answer,
    Behaviour,
    Silence,
    drop_on_create,
    drop_on_poll,
    fail,
    forever,
    http,
    problem_reply,
    succeed,
    throttle,
)
from tests.fakes.replicate_server import BIREFNET, ReplicateServer
from tests.fakes.wire import Job, Request
from tests.providers.conftest import BIREFNET_MODEL, Bench, small_photo
from tests.providers.test_wire import FROM_THE_FUTURE


def cancels(server: ReplicateServer) -> int:
    return sum(request.path.endswith("/cancel") for request in server.requests)


@pytest.mark.parametrize(("deadline_s", "header"), [(60.0, "60s"), (8.1, "9s"), (2.0, "5s")])
def test_every_creation_says_when_to_give_up_by_itself(bench: Bench, deadline_s: float, header: str) -> None:
    bench.run(BIREFNET_MODEL, deadline_s=deadline_s)
    assert bench.server.jobs[0].cancel_after == header


def test_the_time_until_then_is_what_the_deadline_has_left(bench: Bench) -> None:
    bench.server.script(BIREFNET, throttle(4))
    bench.run(BIREFNET_MODEL, deadline_s=30)
    assert [creation.headers["cancel-after"] for creation in bench.server.creations] == [
        "30s",
        "25s",
    ]  # four, and one by chance


@pytest.mark.parametrize("status", ["starting", "processing"])
def test_a_prediction_is_cancelled_when_the_deadline_passes(bench: Bench, status: str) -> None:
    bench.server.script(BIREFNET, forever(status))
    with pytest.raises(TimedOut):
        bench.run(BIREFNET_MODEL, deadline_s=20)
    assert sum(bench.time.slept) == pytest.approx(20)
    assert bench.server.jobs[0].cancelled


@pytest.mark.parametrize(
    "behaviour",
    [
        drop_on_poll(3, work=9),
        fail(None, "paused"),
        *(Behaviour(polls=(problem_reply(status, "no"),)) for status in (400, 404, 409, 422)),
        FROM_THE_FUTURE,
    ],
)
def test_a_prediction_is_cancelled_when_it_cannot_be_followed(bench: Bench, behaviour: Behaviour) -> None:
    bench.server.script(BIREFNET, behaviour)
    with pytest.raises(ProviderError):
        bench.run(BIREFNET_MODEL)
    assert cancels(bench.server) == 1


@pytest.mark.parametrize("behaviour", [succeed(), fail(), fail(None, "canceled"), fail(None, "aborted")])
def test_a_prediction_that_has_ended_is_not_cancelled(bench: Bench, behaviour: Behaviour) -> None:
    bench.server.script(BIREFNET, behaviour)
    with suppress(ProviderError):
        bench.run(BIREFNET_MODEL)
    assert cancels(bench.server) == 0


def test_a_prediction_is_cancelled_when_the_person_stops_the_run(bench: Bench) -> None:
    bench.server.script(BIREFNET, forever())

    async def start() -> None:
        task = asyncio.ensure_future(bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 60, told))
        await task

    def told(progress: Progress) -> None:
        task = asyncio.current_task()
        if progress.prediction_id and task:
            task.cancel()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(start())
    assert bench.server.jobs[0].cancelled


def test_a_prediction_is_cancelled_when_the_person_stops_the_run_before_its_id_has_come(bench: Bench) -> None:
    async def start() -> None:
        stop, task = asyncio.get_running_loop().call_soon_threadsafe, asyncio.ensure_future(run)
        bench.server.script(BIREFNET, replace(forever(), on_creation=lambda: stop(task.cancel)))
        await task

    run = bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 60, bench.told.append)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(start())
    assert bench.server.jobs[0].cancelled
    assert bench.told[-1].prediction_id == bench.server.jobs[0].id  # it is charged, so the books must know


@pytest.mark.parametrize(
    ("behaviour", "fate"),
    [(forever("starting"), Fate.FREE), (forever(), Fate.PAID), (drop_on_poll(3, status="failed", work=3), Fate.FREE)],
)
def test_what_the_provider_says_when_it_cancels_is_told(bench: Bench, behaviour: Behaviour, fate: Fate) -> None:
    bench.server.script(BIREFNET, behaviour)
    with pytest.raises(ProviderError):
        bench.run(BIREFNET_MODEL)
    assert (bench.told[-1].prediction_id, bench.told[-1].fate) == ("job0001", fate)


def test_a_prediction_is_cancelled_when_the_person_stops_the_run_while_it_is_looked_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start() -> None:
        loop, task, shown = asyncio.get_running_loop(), asyncio.ensure_future(run), bench.server._list

        def stop(request: Request) -> Answer:
            loop.call_soon_threadsafe(task.cancel)
            return shown(request)

        monkeypatch.setattr(bench.server, "_list", stop)
        bench.server.script(BIREFNET, drop_on_create(made=True, work=9))
        await task

    run = bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 60, bench.told.append)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(start())
    assert bench.server.jobs[0].cancelled
    assert bench.told[-1].prediction_id == "job0001"


@pytest.mark.parametrize(
    ("behaviour", "fates"),
    [(Behaviour(creation=Silence(), made=True), [Fate.UNSURE]), (http(422), []), (drop_on_create(), [])],
    ids=["no answer", "refused", "dropped, nothing made"],
)
def test_whether_a_purchase_was_made_that_the_person_stopped_is_told_when_nobody_knows(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour, fates: list[Fate]
) -> None:
    if isinstance(behaviour.creation, Silence):
        monkeypatch.setattr(cleanup, "LATE_S", 0.05)

    async def start() -> None:
        stop, task = asyncio.get_running_loop().call_soon_threadsafe, asyncio.ensure_future(run)
        bench.server.script(BIREFNET, replace(behaviour, on_creation=lambda: stop(task.cancel)))
        await task

    run = bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 60, bench.told.append)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(start())
    assert [progress.fate for progress in bench.told if progress.fate] == fates
    assert {progress.prediction_id for progress in bench.told} == {None}


def test_stopping_twice_does_not_stop_the_cleaning_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    left: set[asyncio.Task[object]] = set()

    async def start() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(run)
        cancel = bench.server._cancel

        def stop_again(job: Job) -> Answer:
            loop.call_soon_threadsafe(task.cancel)
            return cancel(job)

        monkeypatch.setattr(bench.server, "_cancel", stop_again)
        bench.server.script(BIREFNET, forever())
        try:
            await task
        finally:
            left.update(asyncio.all_tasks() - {asyncio.current_task()})

    run = bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 5, bench.told.append)
    with pytest.raises((asyncio.CancelledError, TimedOut)):
        asyncio.run(start())
    assert bench.server.jobs[0].cancelled
    assert left == set()


def test_nothing_is_bought_after_the_deadline(bench: Bench) -> None:
    def slow(_: Progress) -> None:
        bench.time.now += 100

    with pytest.raises(TimedOut) as caught:
        asyncio.run(bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 60, slow))
    assert bench.server.creations == []
    assert "unsure" not in caught.value.facts


def test_a_listener_that_breaks_does_not_leave_a_prediction_running(bench: Bench) -> None:
    bench.server.script(BIREFNET, forever())

    def broken(progress: Progress) -> None:
        if progress.stage is Stage.WORKING:
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 60, broken))
    assert bench.server.jobs[0].cancelled


def test_a_cancel_that_hangs_holds_nobody_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicate_client, "CANCEL_S", 0.05)
    bench.server.script(BIREFNET, forever())
    monkeypatch.setattr(bench.server, "_cancel", lambda _: Silence())
    with pytest.raises(TimedOut):
        bench.run(BIREFNET_MODEL, deadline_s=5)
