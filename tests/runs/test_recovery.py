"""A process dies in the middle of a run; the next one finishes it, and nothing is bought twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import Core
from domain import Outcome, RunStatus, SelectionRequest, Spent
from errors import KeyReused, LeaseLost, Stopping
from providers import replicate_client
from runs import MAX_KEY, MOST_TAKES, RunEnded, RunEvent, RunHandedOver, RunResult
from service import Asker
from tests.cores import core_of
from tests.fakes.behaviours import Answer, Behaviour, Drop, Reply, Silence, fail, forever
from tests.fakes.replicate_server import BIREFNET, V1, ReplicateServer
from tests.fakes.wire import FINAL, Job, Request
from tests.photos import jpeg, product_photo
from tests.runs.crashing import lapse, prediction_known, recovered, run_until
from tests.runs.running import mug

AUTO = SelectionRequest()
CHEAP = SelectionRequest(model_id="birefnet")


@pytest.fixture
def another_core(hosted_core: Core) -> Iterator[Core]:
    """Another process on the same files and the same database."""
    core = core_of(hosted_core.settings)
    yield core
    core.database.close()


def lose_photo(core: Core, run_id: str) -> None:
    """Only the photo: a thread of the run that "died" may still write its draft beside it."""
    (core.store.root / run_id / "photo.png").unlink()


def outcomes(result):
    return [(attempt.model_id, attempt.outcome) for attempt in result.attempts]


def events_recorded(core: Core, run_id: str) -> list[str]:
    return [entry.event for entry in core.journal.entries(run_id)]


def test_killed_while_polling_the_same_prediction_is_brought_home(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.always(BIREFNET, forever())
    run_id = run_until(hosted_core, prediction_known, CHEAP)
    replicate.jobs[0].behaviour = Behaviour()
    result = recovered(another_core, run_id)
    assert (result.status, outcomes(result)) == (RunStatus.SUCCEEDED, [("birefnet", Outcome.SUCCEEDED)])
    assert len(replicate.creations) == 1
    assert result.attempts[0].prediction_id == replicate.jobs[0].id
    assert result.files.cutout.exists()
    assert events_recorded(another_core, run_id)[-4:] == ["resumed", "attempt_started", "attempt_ended", "outcome"]


def test_killed_before_the_answer_came_the_prediction_is_found_in_the_list(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.script(BIREFNET, Behaviour(creation=Silence(), made=True))
    run_id = run_until(hosted_core, lambda _: bool(replicate.jobs), CHEAP)
    result = recovered(another_core, run_id)
    assert (result.status, len(replicate.creations)) == (RunStatus.SUCCEEDED, 1)
    assert result.attempts[0].prediction_id == replicate.jobs[0].id


def test_killed_before_the_order_arrived_it_is_sent_again(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.script(BIREFNET, Behaviour(creation=Silence()))
    run_id = run_until(hosted_core, lambda _: bool(replicate.creations), CHEAP)
    result = recovered(another_core, run_id)
    assert (result.status, outcomes(result)) == (RunStatus.SUCCEEDED, [("birefnet", Outcome.SUCCEEDED)])
    assert (len(replicate.creations), len(replicate.jobs)) == (2, 1)


def handed_over_with_its_order(core: Core, replicate: ReplicateServer) -> str:
    """The id of a run that is handed over while the provider is slow to answer its order."""
    replicate.script(BIREFNET, Behaviour(creation=Silence()))
    last = stopped_in_the_middle(core, lambda _: bool(replicate.creations))[-1]
    assert isinstance(last, RunHandedOver)
    return last.run_id


def on_look(replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch, number: int, do: Callable[[], object]) -> None:
    """Do something before the provider's list is shown for the so-and-so-many-th time."""
    shown, looks = replicate._list, iter(range(1, 1000))

    def show(request: Request) -> Answer:
        if next(looks) == number:
            do()
        return shown(request)

    monkeypatch.setattr(replicate, "_list", show)


def test_an_order_that_was_handed_over_and_arrives_late_is_waited_for_and_not_sent_again(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    run_id = handed_over_with_its_order(hosted_core, replicate)
    on_look(replicate, monkeypatch, 8, lambda: replicate.arrive_at_last(replicate.creations[0]))
    result = recovered(another_core, run_id)
    assert (result.status, outcomes(result)) == (RunStatus.SUCCEEDED, [("birefnet", Outcome.SUCCEEDED)])
    assert (len(replicate.creations), len(replicate.jobs)) == (1, 1)


def test_an_order_that_was_handed_over_and_did_not_arrive_while_it_could_is_sent_again(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    result = recovered(another_core, handed_over_with_its_order(hosted_core, replicate))
    assert result.status is RunStatus.SUCCEEDED
    assert (len(replicate.creations), len(replicate.jobs)) == (2, 1)


@pytest.mark.parametrize("answer", [Reply(500), Drop()])
def test_when_the_provider_cannot_tell_the_attempt_is_unsure_its_price_stays_and_the_next_model_works(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch, answer: Reply
):
    replicate.script(V1, Behaviour(creation=Silence(), made=True))
    run_id = run_until(hosted_core, lambda _: bool(replicate.jobs), SelectionRequest(model_id="flux-kontext-lora-v1"))
    monkeypatch.setattr(replicate, "_list", lambda _: answer)
    result = recovered(another_core, run_id)
    assert outcomes(result) == [("flux-kontext-lora-v1", Outcome.UNSURE), ("birefnet", Outcome.SUCCEEDED)]
    assert result.attempts[0].cost_usd == 0.03
    assert another_core.service.spend().day.unsure_usd == 0.03


def test_killed_in_the_second_model_the_first_is_not_asked_again(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.script(V1, fail())
    replicate.script(BIREFNET, forever())
    wish = SelectionRequest(model_id="flux-kontext-lora-v1")
    run_id = run_until(hosted_core, lambda core: len(replicate.jobs) == 2 and prediction_known(core), wish)
    replicate.jobs[1].behaviour = Behaviour()
    result = recovered(another_core, run_id)
    assert outcomes(result) == [("flux-kontext-lora-v1", Outcome.FAILED), ("birefnet", Outcome.SUCCEEDED)]
    assert len(replicate.creations) == 2
    assert [selection.model_id for selection in result.selections] == ["flux-kontext-lora-v1", "birefnet"]


def test_a_run_that_somebody_works_on_is_left_alone(hosted_core: Core, another_core: Core, replicate: ReplicateServer):
    replicate.always(BIREFNET, forever())

    async def both() -> RunStatus:
        async with aclosing(hosted_core.service.run(mug(), CHEAP)) as events:
            async for event in events:
                await another_core.service.recover()
                await another_core.service.settle()
                return (await another_core.service.result(event.run_id)).status
        raise AssertionError

    assert asyncio.run(both()) is RunStatus.RUNNING


def test_only_one_of_many_gets_a_run_that_was_left(hosted_core: Core, another_core: Core, replicate: ReplicateServer):
    replicate.always(BIREFNET, forever())
    run_id = run_until(hosted_core, prediction_known, CHEAP)
    cores = (hosted_core, another_core) * 4

    async def race() -> list[object]:
        return await asyncio.gather(*(asyncio.to_thread(core.journal.leases.claim, run_id) for core in cores))

    assert sum(claim is not None for claim in asyncio.run(race())) == 1


def test_who_has_lost_a_run_writes_nothing_more_and_cancels_nothing(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.always(BIREFNET, forever())

    async def lose() -> list[RunEvent]:
        async with aclosing(hosted_core.service.run(mug(), CHEAP)) as events:
            async for event in events:
                if prediction_known(hosted_core):
                    lapse(hosted_core)
                    claim = another_core.journal.leases.claim(event.run_id)
                    assert claim
                    replicate.jobs[0].behaviour = Behaviour()
        raise AssertionError

    with pytest.raises(LeaseLost):
        asyncio.run(lose())
    with another_core.database.read() as session:
        rows = session.execute(text("SELECT status, outcome FROM runs JOIN attempts USING (run_id)")).all()
    assert rows == [("running", "started")]
    assert not replicate.jobs[0].cancelled


@pytest.mark.parametrize("loss", ["photo", "takes"])
def test_a_run_that_nobody_can_finish_ends_as_interrupted_with_its_draft(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, loss: str
):
    replicate.always(BIREFNET, forever())

    def drafted(core: Core) -> bool:
        return prediction_known(core) and any(core.store.root.glob("*/draft-cutout.png"))

    run_id = run_until(hosted_core, drafted, CHEAP)
    if loss == "photo":
        lose_photo(hosted_core, run_id)
    else:
        with hosted_core.database.write() as session:
            session.execute(text("UPDATE runs SET takes = :most"), {"most": MOST_TAKES})
    result = recovered(another_core, run_id)
    assert (result.status, result.model_id) == (RunStatus.INTERRUPTED, "embedded")
    assert result.files.cutout.name == "draft-cutout.png"
    assert outcomes(result) == [("birefnet", Outcome.CANCELLED)]
    assert result.attempts[0].cost_usd == 0.002
    assert replicate.jobs[0].cancelled
    assert "interrupted" in another_core.service.report(result).explanation
    assert len(replicate.creations) == 1


def interrupted(core: Core, another: Core, dies: Callable[[Core], bool] = prediction_known) -> RunResult:
    """How the next process ends a run whose photo is gone."""
    run_id = run_until(core, dies, CHEAP)
    lose_photo(core, run_id)
    return recovered(another, run_id)


@pytest.mark.parametrize(
    ("left", "spent"),
    [
        (forever(), Spent(paid_usd=0.002)),
        (forever("starting"), Spent()),
        (Behaviour(work=0), Spent(paid_usd=0.002)),
        (Behaviour(work=0, status="failed"), Spent()),
        (Behaviour(work=0, status="aborted"), Spent()),
        (Behaviour(work=0, status="paused"), Spent(paid_usd=0.002)),
    ],
    ids=["working", "not started", "succeeded", "failed", "aborted", "in a status of the future"],
)
def test_an_interrupted_run_leaves_no_prediction_running_and_costs_what_the_provider_says(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, left: Behaviour, spent: Spent
):
    replicate.always(BIREFNET, forever())

    def leaves(core: Core) -> bool:
        if prediction_known(core):
            replicate.jobs[0].behaviour = left
        return prediction_known(core)

    result = interrupted(hosted_core, another_core, leaves)
    assert (result.status, outcomes(result)) == (RunStatus.INTERRUPTED, [("birefnet", Outcome.CANCELLED)])
    assert another_core.service.spend().day == spent
    assert replicate.jobs[0].status in FINAL


@pytest.mark.parametrize(("made", "spent"), [(True, Spent(paid_usd=0.002)), (False, Spent())])
def test_the_order_of_an_interrupted_run_is_looked_for(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, made: bool, spent: Spent
):
    replicate.script(BIREFNET, replace(forever(), creation=Silence(), made=made))
    result = interrupted(hosted_core, another_core, lambda _: bool(replicate.creations))
    assert outcomes(result) == [("birefnet", Outcome.CANCELLED)]
    assert another_core.service.spend().day == spent
    assert all(job.cancelled for job in replicate.jobs)


def test_when_the_provider_does_not_say_what_became_of_it_the_price_stays_reserved(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    replicate.always(BIREFNET, forever())
    monkeypatch.setattr(replicate_client, "CANCEL_S", 0.05)
    monkeypatch.setattr(replicate, "_cancel", lambda _: Silence())
    result = interrupted(hosted_core, another_core)
    assert outcomes(result) == [("birefnet", Outcome.UNSURE)]
    assert another_core.service.spend().day == Spent(unsure_usd=0.002)


def test_a_prediction_that_is_too_late_to_cancel_is_looked_at(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    replicate.always(BIREFNET, forever())
    monkeypatch.setattr(replicate, "_cancel", lambda _: Reply(409))
    run_id = run_until(hosted_core, prediction_known, CHEAP)
    lose_photo(hosted_core, run_id)
    replicate.jobs[0].behaviour = Behaviour(work=0)
    assert outcomes(recovered(another_core, run_id)) == [("birefnet", Outcome.CANCELLED)]
    assert another_core.service.spend().day == Spent(paid_usd=0.002)


def test_the_draft_of_an_interrupted_run_still_has_its_warnings(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.always(BIREFNET, forever())
    small = jpeg(product_photo(64, 48))

    def noted(core: Core) -> bool:
        with core.database.read() as session:
            row = session.execute(text("SELECT remarks FROM runs")).first()
        return prediction_known(core) and row is not None and "tiny" in (row.remarks or "")

    run_id = run_until(hosted_core, noted, CHEAP, small)
    lose_photo(hosted_core, run_id)
    result = recovered(another_core, run_id)
    assert (result.status, result.remarks["width"], result.remarks["height"]) == (RunStatus.INTERRUPTED, 64, 48)


def test_who_has_lost_a_run_adds_no_line_to_its_journal(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.always(BIREFNET, forever())
    run_id = run_until(hosted_core, prediction_known, CHEAP)
    leases, said = another_core.journal.leases, another_core.journal.entries(run_id)
    first = leases.claim(run_id)
    lapse(another_core)
    second = leases.claim(run_id)
    with pytest.raises(LeaseLost):
        hosted_core.journal.record(said[0], first)
    assert another_core.journal.entries(run_id) == said
    hosted_core.journal.record(said[0], second)
    assert another_core.journal.entries(run_id) == [*said, said[0]]


def test_an_hour_later_what_was_bought_is_asked_for_and_nothing_more_is_bought(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.always(V1, forever())
    run_id = run_until(hosted_core, prediction_known, SelectionRequest(model_id="flux-kontext-lora-v1"))
    replicate.jobs[0].behaviour = fail()
    lapse(hosted_core, started_ago=timedelta(hours=2))
    result = recovered(another_core, run_id)
    assert (result.status, outcomes(result)) == (
        RunStatus.INTERRUPTED,
        [("flux-kontext-lora-v1", Outcome.FAILED)],
    )
    assert len(replicate.creations) == 1


def stopped_in_the_middle(core: Core, when: Callable[[Core], bool] = prediction_known) -> list[RunEvent]:
    """The events of a run that is in the middle of its work when the program is stopped."""

    async def stop() -> list[RunEvent]:
        told: list[RunEvent] = []
        stopping: list[asyncio.Task[int]] = []
        async with aclosing(core.service.run(mug(), CHEAP)) as events:
            async for event in events:
                told.append(event)
                if when(core) and not stopping:
                    stopping.append(asyncio.create_task(core.service.stop(0)))
        assert await stopping[0] == 1
        return told

    return asyncio.run(stop())


def test_a_stop_hands_the_run_over_and_the_next_start_finishes_it_at_once(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    replicate.always(BIREFNET, forever())
    last = stopped_in_the_middle(hosted_core)[-1]
    assert isinstance(last, RunHandedOver)
    assert not replicate.jobs[0].cancelled
    replicate.jobs[0].behaviour = Behaviour()
    result = recovered(another_core, last.run_id)
    assert (result.status, len(replicate.creations)) == (RunStatus.SUCCEEDED, 1)


def test_a_run_that_is_being_cancelled_when_the_program_stops_is_not_handed_over(
    hosted_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    replicate.always(BIREFNET, forever())
    cancel = replicate._cancel

    async def close() -> str:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()

        def stop(job: Job) -> Answer:
            loop.call_soon_threadsafe(stopping.set)
            return cancel(job)

        async def stop_then() -> None:
            await stopping.wait()
            await hosted_core.service.stop(0)

        monkeypatch.setattr(replicate, "_cancel", stop)
        stopped = asyncio.create_task(stop_then())
        async with aclosing(hosted_core.service.run(mug(), CHEAP)) as events:
            async for event in events:
                run_id = event.run_id
                if prediction_known(hosted_core):
                    break
        await stopped
        return run_id

    report = asyncio.run(hosted_core.service.run_report(asyncio.run(close())))
    assert (report.status, [one.outcome for one in report.attempts]) == (RunStatus.CANCELLED, [Outcome.CANCELLED])


def test_a_run_that_ends_in_time_is_not_handed_over(hosted_core: Core):
    async def stop() -> tuple[list[RunEvent], int]:
        async with aclosing(hosted_core.service.run(mug(), CHEAP)) as events:
            told = [await anext(events)]
            stopping = asyncio.create_task(hosted_core.service.stop(60))
            told += [event async for event in events]
        return told, await stopping

    told, left = asyncio.run(stop())
    assert isinstance(told[-1], RunEnded)
    assert left == 0


def test_while_it_stops_nothing_new_begins(hosted_core: Core, replicate: ReplicateServer):
    async def begin() -> None:
        await hosted_core.service.stop(0)
        await hosted_core.service.start(mug(), AUTO)

    with pytest.raises(Stopping):
        asyncio.run(begin())
    assert replicate.requests == []


def keyed(core: Core, key: str, upload: bytes, request: SelectionRequest = CHEAP, visitor: str = "v") -> str:
    async def start() -> str:
        run_id = await core.service.start(upload, request, visitor, key)
        await core.service.settle()
        return run_id

    return asyncio.run(start())


def test_the_same_key_is_the_same_run_also_in_the_next_process(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer
):
    assert keyed(hosted_core, "k", mug()) == keyed(another_core, "k", mug())
    assert len(replicate.creations) == 1


def test_two_that_come_at_once_with_one_key_buy_once(hosted_core: Core, replicate: ReplicateServer):
    async def both() -> set[str]:
        ids = await asyncio.gather(*(hosted_core.service.start(mug(), CHEAP, key="k") for _ in range(2)))
        await hosted_core.service.settle()
        return set(ids)

    assert len(asyncio.run(both())) == 1
    assert len(replicate.creations) == 1


@pytest.mark.parametrize("change", ["photo", "wishes"])
def test_the_same_key_with_anything_else_is_an_error_and_reserves_nothing(
    hosted_core: Core, replicate: ReplicateServer, change: str
):
    keyed(hosted_core, "k", mug())
    with pytest.raises(KeyReused):
        keyed(hosted_core, "k", mug() + b"\0" if change == "photo" else mug(), AUTO if change == "wishes" else CHEAP)
    assert len(replicate.creations) == 1
    assert hosted_core.service.spend().day.reserved_usd == 0


def test_a_key_that_somebody_else_used_before_is_a_key_like_any_other(hosted_core: Core, replicate: ReplicateServer):
    theirs = keyed(hosted_core, "k", mug(), visitor="v")
    assert keyed(hosted_core, "k", mug(), visitor="w") != theirs
    assert keyed(hosted_core, "k", mug() + b"\0", visitor="x") != theirs
    assert len(replicate.creations) == 3


def test_the_longest_key_fits_and_no_key_is_written_down_as_it_came(hosted_core: Core):
    assert keyed(hosted_core, "k" * MAX_KEY, mug()) == keyed(hosted_core, "k" * MAX_KEY, mug())
    with hosted_core.database.read() as session:
        assert "kk" not in session.execute(text("SELECT key FROM idempotency_keys")).scalar_one()


def test_a_key_is_forgotten_after_a_day(hosted_core: Core, replicate: ReplicateServer):
    first = keyed(hosted_core, "k", mug())
    with hosted_core.database.write() as session:
        session.execute(text("UPDATE idempotency_keys SET created_at = '2020-01-01 00:00:00.000000'"))
    assert keyed(hosted_core, "k", mug()) != first


def test_a_run_with_a_key_goes_on_when_its_listener_leaves_and_keeps_its_place(
    hosted_core: Core, replicate: ReplicateServer
):
    service = hosted_core.service

    async def leave() -> str:
        async with AsyncExitStack() as stay:
            await stay.enter_async_context(service.turns.place(Asker("v")))
            async with aclosing(service.run(mug(), CHEAP, "v", "k", place=stay)) as events:
                run_id = (await anext(events)).run_id
        assert service.turns.at_work == 1
        await service.settle()
        assert service.turns.at_work == 0
        return run_id

    run_id = asyncio.run(leave())
    assert asyncio.run(service.result(run_id)).status is RunStatus.SUCCEEDED
    assert keyed(hosted_core, "k", mug()) == run_id
    assert len(replicate.creations) == 1


def test_who_asks_again_with_the_same_key_gets_the_same_end(hosted_core: Core, replicate: ReplicateServer):
    async def again() -> list[RunEvent]:
        async with aclosing(hosted_core.service.run(mug(), CHEAP, key="k")) as events:
            return [event async for event in events]

    first, second = (asyncio.run(again())[-1].result for _ in range(2))
    assert (first.run_id, first.files) == (second.run_id, second.files)
