"""Whatever breaks one photo, the photo ends with an outcome and the others go on."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import chores
from app import Core
from batches import Hands, ItemClaim, LocalQueue, Worker
from domain import BatchOptions, BatchStatus, ExportOptions, ItemReport, ItemState, SelectionRequest
from errors import FilesGone, NoRoom, NoSuchBatch
from runs import Exported, Payer, RunEvent, RunStarted
from tests.batches.batching import hand_in, report_of, states, taken
from tests.conftest import SettingsMaker
from tests.cores import core_of
from tests.fakes.replicate_server import ReplicateServer

OZON = BatchOptions(marketplaces=("ozon",))
CHEAP = BatchOptions(request=SelectionRequest(model_id="birefnet"), marketplaces=("ozon",))

Export = Callable[[str, ExportOptions], Awaitable[Exported]]


def hands_of(core: Core) -> Hands:
    return core.batches._worker._hands


def carried(core: Core, batch_id: str, hands: Hands) -> None:
    """The batch's next photo by a worker with these hands."""
    tray = core.batches._tray

    async def work() -> None:
        await core.batches.start(batch_id)
        claim = tray.desk.take_next()
        assert claim
        assert await Worker(tray.desk, tray.files, hands).work(claim)

    asyncio.run(work())


def before_exports(core: Core, happens: Callable[[str], Awaitable[object]]) -> Hands:
    """Between a run's end and its files for marketplaces."""
    make: Export = hands_of(core).export

    async def export(run_id: str, options: ExportOptions) -> Exported:
        await happens(run_id)
        return await make(run_id, options)

    return replace(hands_of(core), export=export)


def only(core: Core, batch_id: str) -> ItemReport:
    report = report_of(core, batch_id)
    assert report.status is BatchStatus.ENDED
    return report.items[0]


def test_a_photo_whose_pictures_are_deleted_before_its_files_are_made_ends_as_such_and_its_cost_stays(
    hosted_core: Core, tmp_path: Path
):
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP)
    carried(hosted_core, batch_id, before_exports(hosted_core, hosted_core.service.privacy.delete_run))
    photo = only(hosted_core, batch_id)
    assert (photo.state, photo.cost_usd, photo.model) == (ItemState.FAILED, 0.002, "BiRefNet")
    assert photo.explanation == "The pictures of this photo were deleted. Try it again to have them made anew."


def test_a_photo_whose_pictures_are_deleted_while_its_run_is_at_work_ends_as_such(hosted_core: Core, tmp_path: Path):
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP)
    run = hands_of(hosted_core).run

    async def deleted(*given: Any) -> AsyncGenerator[RunEvent, None]:
        async for event in run(*given):
            yield event
            if isinstance(event, RunStarted):
                await hosted_core.service.privacy.delete_run(event.run_id)

    carried(hosted_core, batch_id, replace(hands_of(hosted_core), run=deleted))
    photo = only(hosted_core, batch_id)
    assert photo.state is ItemState.FAILED
    assert (photo.explanation or "").startswith("The pictures of this photo were deleted.")


def test_a_batch_that_is_deleted_before_its_files_are_made_leaves_its_worker_at_peace(local_core: Core, tmp_path: Path):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg"), OZON)
    carried(local_core, batch_id, before_exports(local_core, lambda _: local_core.batches.delete(batch_id)))
    with pytest.raises(NoSuchBatch):
        report_of(local_core, batch_id)


def test_a_photo_without_its_small_picture_is_done_all_the_same(local_core: Core, tmp_path: Path):
    """As on a disk that takes no more, the folder of the batch cannot be written to."""
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg"), OZON)
    folder = local_core.batches._tray.files._folder(batch_id)

    async def in_the_way(_run_id: str) -> None:
        shutil.rmtree(folder)
        folder.write_bytes(b"")

    carried(local_core, batch_id, before_exports(local_core, in_the_way))
    assert only(local_core, batch_id).state is ItemState.SUCCEEDED


def test_a_file_for_a_marketplace_that_breaks_is_a_line_and_the_photo_is_done(local_core: Core, tmp_path: Path):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg"), OZON)

    async def breaks(_run_id: str) -> None:
        raise ZeroDivisionError

    carried(local_core, batch_id, before_exports(local_core, breaks))
    photo = only(local_core, batch_id)
    assert (photo.state, [made.error for made in photo.exports]) == (ItemState.SUCCEEDED, ["bug"])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FilesGone(), "The pictures of this photo were deleted."),
        (NoRoom(), "Our disk takes no more pictures right now."),
        (MemoryError(), "Something went wrong on our side."),
    ],
)
def test_whatever_ends_a_run_ends_its_photo_with_a_note(local_core: Core, tmp_path: Path, error: Exception, told: str):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg"), OZON)

    async def raises(*_: Any) -> AsyncGenerator[RunEvent, None]:
        raise error
        yield

    carried(local_core, batch_id, replace(hands_of(local_core), run=raises))
    photo = only(local_core, batch_id)
    assert photo.state is ItemState.FAILED
    assert (photo.explanation or "").startswith(told)


def test_a_photo_whose_run_was_lost_before_it_was_kept_is_run_afresh(
    hosted_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    """Its process dies when the run is a row and nothing else; another one ends that run, and then comes the photo."""
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP)
    lost = begun_and_lost(hosted_core, batch_id, tries=1)
    carried(hosted_core, batch_id, hands_of(hosted_core))
    photo = only(hosted_core, batch_id)
    assert (photo.state, photo.cost_usd, len(replicate.creations)) == (ItemState.SUCCEEDED, 0.002, 1)
    assert photo.run_id != lost


def test_a_photo_whose_runs_are_lost_again_and_again_says_that_it_was_interrupted(local_core: Core, tmp_path: Path):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg"))
    for tries in (1, 2, 3):
        begun_and_lost(local_core, batch_id, tries)
    carried(local_core, batch_id, hands_of(local_core))
    photo = only(local_core, batch_id)
    assert photo.state is ItemState.INTERRUPTED
    assert photo.explanation == "The run was interrupted before a model was done."


def begun_and_lost(core: Core, batch_id: str, tries: int) -> str:
    """The id of a run under the photo's key that nobody can finish."""
    service, upload = core.service, core.batches._tray.files.photo(batch_id, 1)
    terms, key = core.batches._tray.desk.terms(batch_id), f"{batch_id}/1/{tries}"
    assert terms

    async def lose() -> str:
        begun = await service._begin(upload, terms[0].request, Payer(uuid.uuid4().hex, terms[1]), key, patient=True)
        assert not isinstance(begun, str)
        with core.database.write() as session:
            session.execute(text("UPDATE runs SET lease_until = '2020-01-01 00:00:00.000000' WHERE ended_at IS NULL"))
        await service.recover()
        await service.settle()
        return begun.job.run_id

    return asyncio.run(lose())


def test_a_photo_that_no_model_can_take_says_so(make_settings: SettingsMaker, tmp_path: Path):
    core = core_of(make_settings(local_engine="never"))
    batch_id = taken(core, hand_in(tmp_path / "up", "a.jpg"))
    carried(core, batch_id, hands_of(core))
    photo = only(core, batch_id)
    core.database.close()
    assert (photo.state, photo.explanation) == (ItemState.FAILED, "No model can take this photo right now.")


def test_a_photo_that_breaks_its_worker_does_not_end_the_queue(local_core: Core, tmp_path: Path):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg", "b.jpg", "c.jpg"))
    worker, desk = local_core.batches._worker, local_core.batches._tray.desk

    async def work(claim: ItemClaim) -> bool:
        if claim.key.number == 1:
            raise ZeroDivisionError
        return await worker.work(claim)

    async def serve() -> None:
        await local_core.batches.start(batch_id)
        queue = asyncio.create_task(LocalQueue(desk, at_once=1).work(work))
        while not queue.done() and (await local_core.batches.report(batch_id)).done < 2:  # noqa: ASYNC110  # as the page
            await asyncio.sleep(0)
        queue.cancel()
        with suppress(asyncio.CancelledError):
            await queue

    asyncio.run(serve())
    assert states(report_of(local_core, batch_id)) == [ItemState.WORKING, ItemState.SUCCEEDED, ItemState.SUCCEEDED]


def test_a_chore_that_breaks_is_begun_again_and_the_log_says_so(capsys: pytest.CaptureFixture[str]):
    begun: list[int] = []

    async def through() -> None:
        again = asyncio.Event()

        async def breaks_once() -> None:
            begun.append(1)
            if len(begun) == 1:
                raise ZeroDivisionError
            again.set()
            await asyncio.Event().wait()

        chore = asyncio.create_task(chores.kept_up("batches", breaks_once, pause_s=0))
        await again.wait()
        chore.cancel()

    asyncio.run(through())
    assert len(begun) == 2
    assert "chore.broke" in capsys.readouterr().out
