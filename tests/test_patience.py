"""Who is patient lets others pass: in the middle of long work, at each step, and for the processors."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import aclosing
from contextvars import Context, copy_context
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

import heavy
import patience
from app import Core
from domain import ItemState, Raster
from imaging.cuts import cuts, maybe
from patience import PATIENT, Lull
from runs import RunStarted
from service.opening import Opening
from settings import Settings
from tests.batches.batching import NO_WISHES, hand_in, states
from tests.cores import by_border, core_of
from tests.runs.running import AUTO, mug

HOURS = 3600.0  # nobody in these tests waits for that to be over
NICE: list[int] = []
Made = TypeVar("Made")


def noting(pixels: Raster) -> Raster:
    NICE.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    return by_border(pixels)


async def photos_of_three(core: Core, folder: Path) -> None:
    """One of a page's visitor, one of a batch, one of another visitor, who has no pause to make."""
    for visitor in ("page", "batch", "another"):
        if visitor == "batch":
            await core.batches.take_and_start(hand_in(folder, "a.jpg"), NO_WISHES, visitor)
            await core.batches.settle()
        else:
            assert [event async for event in core.service.run(mug(), AUTO, visitor)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows priorities of threads")
def test_the_engine_works_on_a_batch_when_nobody_else_wants_the_processor(tmp_path: Path):
    core, usual = core_of(Settings(data_dir=tmp_path / "data"), engine=noting), os.getpriority(os.PRIO_PROCESS, 0)
    NICE.clear()
    asyncio.run(photos_of_three(core, tmp_path / "up"))
    core.database.close()
    assert [usual, heavy.LOW, usual] == NICE


def as_patient() -> Context:
    context = copy_context()
    context.run(PATIENT.set, True)
    return context


def patiently_begun(work: Callable[[], Made]) -> Future[Made]:
    """In a thread of its own, and in a patient context."""
    done: Future[Made] = Future()
    context = as_patient()
    threading.Thread(target=lambda: done.set_result(context.run(work)), daemon=True).start()
    return done


@pytest.fixture
def lull(monkeypatch: pytest.MonkeyPatch) -> Lull:
    """One for which the patient wait as long as it takes."""
    made = Lull(look_s=0.001, moment_s=0, most_s=HOURS)
    monkeypatch.setattr(patience, "LULL", made)
    return made


def test_a_patient_step_begins_when_nobody_elses_is_under_way(lull: Lull):
    begun, let_go, ended = threading.Event(), threading.Event(), []

    def ordinary() -> None:
        begun.set()
        let_go.wait()
        ended.append("ordinary")

    async def work() -> None:
        first = asyncio.create_task(heavy.do(ordinary))
        await asyncio.to_thread(begun.wait)
        second = asyncio.create_task(heavy.do(ended.append, "patient"), context=as_patient())
        await asyncio.wait([second], timeout=0.05)
        let_go.set()
        await asyncio.gather(first, second)

    asyncio.run(work())
    assert ended == ["ordinary", "patient"]


def test_a_patient_photo_is_opened_when_nobody_elses_is_and_keeps_nobody_waiting(lull: Lull):
    opening, opened = Opening(), []

    async def opens(visitor: str) -> None:
        async with opening.turn(visitor, patient=True):
            opened.append(visitor)

    async def work() -> None:
        async with opening.turn("boris"):
            hers = asyncio.create_task(opens("anna"))
            await asyncio.wait([hers], timeout=0.05)
            opened.append("boris")
        await asyncio.wait_for(hers, 20)
        async with opening.turn("anna", patient=True):
            await asyncio.wait_for(opens("clara"), 20)

    asyncio.run(work())
    assert opened == ["boris", "anna", "clara"]


def test_a_patient_run_begins_when_nobody_else_is_at_work(lull: Lull, local_core: Core):
    async def work() -> None:
        async with aclosing(local_core.service.run(mug(), AUTO, patient=True)) as events:
            with lull.broken():
                first = asyncio.ensure_future(anext(events))
                done, _ = await asyncio.wait([first], timeout=0.2)
                assert not done
            assert isinstance(await first, RunStarted)

    asyncio.run(local_core.service.select(AUTO, mug()))  # the gate is open
    asyncio.run(work())


def test_two_that_are_patient_do_not_wait_for_each_other(lull: Lull):
    both = threading.Barrier(2)

    async def work() -> None:
        steps = [asyncio.create_task(heavy.do(both.wait), context=as_patient()) for _ in range(2)]
        await asyncio.wait_for(asyncio.gather(*steps), 20)

    asyncio.run(work())


def test_a_batch_keeps_nobody_waiting(tmp_path: Path, local_core: Core, monkeypatch: pytest.MonkeyPatch):
    lull = Lull()
    monkeypatch.setattr(patience, "LULL", lull)
    monkeypatch.setattr(lull, "broken", lambda: pytest.fail("a batch broke the lull"))
    batches = local_core.batches

    async def work() -> list[ItemState]:
        batch_id = await batches.take_and_start(hand_in(tmp_path, "a.jpg"), NO_WISHES)
        await batches.settle()
        return states(await batches.report(batch_id))

    assert asyncio.run(work()) == [ItemState.SUCCEEDED]


def test_what_must_not_be_lost_waits_for_nobody(lull: Lull):
    with lull.broken():
        assert as_patient().run(asyncio.run, asyncio.wait_for(heavy.at_once(int, "7"), 20)) == 7


@pytest.mark.parametrize("patient", [True, False])
def test_work_knows_in_its_thread_whether_it_is_patient(patient: bool):
    context = as_patient() if patient else copy_context()
    assert context.run(asyncio.run, heavy.do(PATIENT.get)) is patient


def test_a_patient_engine_lets_others_pass_between_its_cuts_and_nobody_else_does(lull: Lull):
    picture = np.random.default_rng(1).integers(0, 255, (24, 32, 3), np.uint8)
    guess = maybe(np.pad(np.full((12, 16), 255, np.uint8), ((6, 6), (8, 8))))
    with lull.broken():
        theirs = cuts(picture, [guess] * 3)
        mine = patiently_begun(lambda: cuts(picture, [guess] * 3))
        with pytest.raises(TimeoutError):
            mine.result(0.1)
    assert np.array_equal(mine.result(20), theirs)


@pytest.mark.parametrize(("after_s", "looks"), [(0.0, 0), (HOURS, 3)])
def test_a_lull_is_a_moment_after_the_last_of_others_ended(after_s: float, looks: int):
    lull = Lull(look_s=7, moment_s=after_s, most_s=HOURS)
    assert list(lull.waits()) == []
    with lull.broken():
        assert list(islice(lull.waits(), 3)) == [7] * 3
    assert list(islice(lull.waits(), 3)) == [7] * looks


def test_patience_ends_although_somebody_is_always_at_work():
    lull = Lull(most_s=0)
    with lull.broken():
        assert list(islice(lull.waits(), 3)) == []
