"""A batch from its estimate to its ZIP: every photo is a run of its own, and nothing is bought twice."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select, text

from app import Core
from batches.tables import BatchRow
from domain import (
    Background,
    BatchOptions,
    BatchStatus,
    Cap,
    ExportOptions,
    ItemState,
    Language,
    RuleKind,
    SelectionRequest,
    Spent,
)
from errors import FilesGone, NoSuchBatch, NoSuchMarketplace, NothingToRun, OverBudget, PredictionFailed, TooManyBatches
from runs import Payer
from service.batches import MOST_BYTES
from tests.batches.batching import PHOTO, hand_in, report_of, states, taken, worked_off
from tests.cores import core_of
from tests.fakes.behaviours import Behaviour, fail, forever
from tests.fakes.replicate_server import BIREFNET, ReplicateServer
from tests.serving import hosted_settings

CHEAP = BatchOptions(request=SelectionRequest(model_id="birefnet"))


@pytest.fixture
def capped_core(replicate: ReplicateServer, tmp_path: Path) -> Iterator[Core]:
    """A day costs at most what three photos cost on BiRefNet."""
    core = core_of(hosted_settings(replicate, data_dir=tmp_path / "capped", spend_cap_day_usd=0.006))
    yield core
    core.database.close()


@pytest.fixture
def another_core(hosted_core: Core) -> Iterator[Core]:
    """Another process on the same files and the same database."""
    core = core_of(hosted_core.settings)
    yield core
    core.database.close()


def test_every_photo_is_a_run_and_a_broken_one_among_them_says_why(
    hosted_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    files = [*hand_in(tmp_path / "up", "a.jpg", "b.jpg"), *hand_in(tmp_path / "up", "broken.jpg", data=PHOTO[:400])]
    report = worked_off(hosted_core, taken(hosted_core, files, CHEAP))
    assert (report.status, report.photos, report.done) == (BatchStatus.ENDED, 2, 2)
    assert states(report) == [ItemState.SUCCEEDED, ItemState.SUCCEEDED, ItemState.REFUSED]
    assert report.items[2].explanation == "This picture is damaged or cut off. Please export or upload it again."
    first = report.items[0]
    assert (first.file, first.model, first.fallbacks, first.cost_usd) == ("a.jpg", "BiRefNet", 0, 0.002)
    assert len({item.run_id for item in report.items}) == 3
    assert (report.cost_usd, len(replicate.creations)) == (0.004, 2)
    assert hosted_core.service.spend().day == Spent(paid_usd=0.004)


def test_before_the_start_nothing_is_bought_and_the_worst_case_is_the_whole_plan_for_every_photo(
    hosted_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    report = report_of(hosted_core, taken(hosted_core, hand_in(tmp_path / "up", *(f"{n}.jpg" for n in range(10)))))
    estimate = report.estimate
    assert (report.status, estimate.photos) == (BatchStatus.PREPARED, 10)
    assert estimate.plan == ("flux-kontext-lora-v2", "flux-kontext-lora-v1", "birefnet")
    assert (estimate.worst_photo_usd, estimate.worst_usd) == (0.062, 0.62)
    assert estimate.typical_s == 3 * 25  # ten photos, four at a time
    assert (estimate.left_usd, estimate.holds) == (None, True)
    assert replicate.creations == []


def test_other_wishes_before_the_start_change_the_estimate(hosted_core: Core, tmp_path: Path):
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"))
    asyncio.run(hosted_core.batches.change(batch_id, CHEAP))
    report = report_of(hosted_core, batch_id)
    assert (report.estimate.worst_usd, report.estimate.plan) == (0.002, ("birefnet",))
    assert worked_off(hosted_core, batch_id).items[0].model_id == "birefnet"


def test_it_starts_only_when_the_budget_holds_the_worst_case(
    capped_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    small = taken(capped_core, hand_in(tmp_path / "up", "a.jpg", "b.jpg", "c.jpg"), CHEAP)
    large = taken(capped_core, hand_in(tmp_path / "up", *"defg"), CHEAP)
    assert report_of(capped_core, small).estimate.holds
    assert not report_of(capped_core, large).estimate.holds
    with pytest.raises(OverBudget) as refused:
        worked_off(capped_core, large)
    assert refused.value.facts == {"worst_usd": 0.008, "left_usd": 0.006}
    assert (report_of(capped_core, large).status, replicate.creations) == (BatchStatus.PREPARED, [])
    assert states(worked_off(capped_core, small)) == [ItemState.SUCCEEDED] * 3
    assert capped_core.service.spend().day == Spent(paid_usd=0.006)


def test_a_model_that_only_rests_is_part_of_the_worst_case(
    hosted_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    leave = hosted_core.tools.breakers.admit(hosted_core.service.model("flux-kontext-lora-v2"), 1)
    for _ in range(20):
        hosted_core.tools.breakers.settle(leave, PredictionFailed())
    report = report_of(hosted_core, taken(hosted_core, hand_in(tmp_path / "up", "a.jpg")))
    assert "flux-kontext-lora-v2" not in report.estimate.plan
    assert report.estimate.worst_usd == 0.062


def _failure():
    from errors import PredictionFailed

    return PredictionFailed()


def test_while_a_batch_goes_on_others_cannot_take_its_money(capped_core: Core, tmp_path: Path):
    batch_id = taken(capped_core, hand_in(tmp_path / "up", "a.jpg", "b.jpg", "c.jpg"), CHEAP)
    asyncio.run(capped_core.batches.start(batch_id))
    assert capped_core.tools.ledger.left_usd(Payer("x", "other")) == {Cap.DAY: 0.0}
    asyncio.run(capped_core.batches.stop(batch_id))
    assert capped_core.tools.ledger.left_usd(Payer("x", "other")) == {Cap.DAY: pytest.approx(0.006)}


def test_the_failed_ones_are_tried_again_under_a_new_key_and_the_good_ones_are_left_alone(
    hosted_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    replicate.script(BIREFNET, fail())
    report = worked_off(hosted_core, batch_id := taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP))
    assert (report.items[0].state, report.items[0].fallbacks) == (ItemState.DRAFT, 1)
    assert report.items[0].explanation == "The model failed at the provider."
    first_run = report.items[0].run_id
    asyncio.run(_again(hosted_core, batch_id))
    again = report_of(hosted_core, batch_id)
    assert (again.status, again.items[0].state, again.items[0].cost_usd) == (
        BatchStatus.ENDED,
        ItemState.SUCCEEDED,
        0.002,
    )
    assert again.items[0].run_id != first_run
    with pytest.raises(NothingToRun):
        asyncio.run(_again(hosted_core, batch_id))
    assert len(replicate.creations) == 2


async def _again(core: Core, batch_id: str) -> None:
    await core.batches.again(batch_id)
    await core.batches.settle()


def test_a_stop_cancels_what_is_worked_on_and_what_waits_and_both_can_be_tried_again(
    hosted_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    replicate.always(BIREFNET, forever())
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", *(f"{n}.jpg" for n in range(6))), CHEAP)

    async def stop_in_the_middle() -> None:
        await hosted_core.batches.start(batch_id)
        working = asyncio.create_task(hosted_core.batches.settle())
        while len(replicate.jobs) < 4:  # noqa: ASYNC110  # the provider's own log tells
            await asyncio.sleep(0)
        await hosted_core.batches.stop(batch_id)
        await working

    asyncio.run(stop_in_the_middle())
    report = report_of(hosted_core, batch_id)
    assert (report.status, set(states(report))) == (BatchStatus.STOPPED, {ItemState.CANCELLED})
    assert all(job.cancelled for job in replicate.jobs)
    assert len(replicate.jobs) == 4
    assert hosted_core.service.spend().day.reserved_usd == 0
    replicate.always(BIREFNET, Behaviour())
    asyncio.run(_again(hosted_core, batch_id))
    assert states(report_of(hosted_core, batch_id)) == [ItemState.SUCCEEDED] * 6


def test_a_photo_whose_worker_died_is_finished_by_the_next_and_bought_once(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    """The worker dies after its run ended and before it could say so."""
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP)
    asyncio.run(hosted_core.batches.start(batch_id))
    desk = hosted_core.batches._tray.desk
    claim = desk.take_next()
    key = f"{batch_id}/1/1"

    async def dies() -> None:
        photo = hosted_core.batches._tray.files.photo(batch_id, 1)
        async for _ in hosted_core.service.run_in_batch(photo, CHEAP.request, Payer("", "v", batch_id), key):
            pass

    asyncio.run(dies())
    assert desk.take_next() is None, "its lease has not lapsed"
    _lapse(hosted_core)
    asyncio.run(another_core.batches.settle())
    report = report_of(another_core, batch_id)
    assert (report.status, states(report), report.cost_usd) == (BatchStatus.ENDED, [ItemState.SUCCEEDED], 0.002)
    assert len(replicate.creations) == 1
    assert not desk.finish(claim, claim.item), "who stood still writes nothing more"


def _lapse(core: Core) -> None:

    with core.database.write() as session:
        session.execute(text("UPDATE batch_items SET lease_until = '2020-01-01 00:00:00.000000'"))


def test_a_restart_in_the_middle_of_a_run_goes_on_with_that_run(
    hosted_core: Core, another_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    replicate.always(BIREFNET, forever())
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP)

    async def stopped() -> None:
        await hosted_core.batches.start(batch_id)
        working = asyncio.create_task(hosted_core.batches.settle())
        while not replicate.jobs:  # noqa: ASYNC110  # the provider's own log tells
            await asyncio.sleep(0)
        await hosted_core.service.stop(0)
        working.cancel()

    asyncio.run(stopped())
    assert states(report_of(another_core, batch_id)) == [ItemState.WAITING]
    replicate.jobs[0].behaviour = Behaviour()

    async def next_process() -> None:
        await another_core.service.recover()
        await another_core.batches.settle()
        await another_core.service.settle()

    asyncio.run(next_process())
    assert states(report_of(another_core, batch_id)) == [ItemState.SUCCEEDED]
    assert len(replicate.creations) == 1


def test_small_batches_do_not_wait_for_large_ones(local_core: Core, tmp_path: Path):
    large = taken(local_core, hand_in(tmp_path / "up", *(f"{n}.jpg" for n in range(9))))
    small = taken(local_core, hand_in(tmp_path / "up", "a.jpg", "b.jpg"))
    for batch_id in (large, small):
        asyncio.run(local_core.batches.start(batch_id))
    desk = local_core.batches._tray.desk
    assert {desk.take_next().key.batch_id for _ in range(4)} == {large, small}
    assert sum(key.batch_id == small for key in desk.waiting()) == 0


def unzipped(core: Core, batch_id: str, language: Language = Language.EN) -> zipfile.ZipFile:
    parts = asyncio.run(core.batches.archive(batch_id, language))
    return zipfile.ZipFile(io.BytesIO(b"".join(parts)))


def test_the_zip_has_every_cutout_every_file_for_a_marketplace_and_both_reports(local_core: Core, tmp_path: Path):
    options = BatchOptions(marketplaces=("ozon", "amazon"))
    files = [*hand_in(tmp_path / "up", "mug.jpg", "x/MUG.jpeg"), *hand_in(tmp_path / "up", "=cmd.txt", data=b"no")]
    batch_id = taken(local_core, files, options)
    worked_off(local_core, batch_id)
    archive = unzipped(local_core, batch_id)
    assert archive.testzip() is None
    names = archive.namelist()
    assert names == [
        *("cutouts/mug.png", "ozon/mug.jpg", "amazon/mug.jpg"),
        *("cutouts/MUG (2).png", "ozon/MUG (2).jpg", "amazon/MUG (2).jpg"),
        *("report.csv", "report.json"),
    ]
    with Image.open(archive.open("cutouts/mug.png")) as cutout:
        assert (cutout.mode, cutout.size) == ("RGBA", (160, 120))
    rows = list(csv.DictReader(io.StringIO(archive.read("report.csv").decode("utf-8-sig"))))
    assert [row["file"] for row in rows] == ["mug.jpg", "MUG.jpeg", "'=cmd.txt"]
    assert [row["archive_file"] for row in rows] == ["cutouts/mug.png", "cutouts/MUG (2).png", ""]
    assert rows[0]["ozon"] in {"accepted", "rejected"}
    assert rows[2]["explanation"].startswith("This file is not a picture")
    told = json.loads(archive.read("report.json"))
    assert (told["batch_id"], told["states"]) == (batch_id, {"refused": 1, "succeeded": 2})
    assert [one["marketplace"] for one in told["items"][0]["exports"]] == ["ozon", "amazon"]


def test_a_file_that_breaks_a_rule_names_it_in_the_report_in_the_csv_and_in_the_readers_language(
    local_core: Core, tmp_path: Path
):
    options = BatchOptions(marketplaces=("amazon", "etsy"), export=ExportOptions(background=Background(kind="colour")))
    batch_id = taken(local_core, hand_in(tmp_path / "up", "mug.jpg"), options)
    amazon, _ = worked_off(local_core, batch_id).items[0].exports
    assert (amazon.accepted, amazon.missed) == (False, (RuleKind.BACKGROUND, RuleKind.MIN_FILL))
    assert amazon.reasons[0].startswith("Background: 0 % pure white")
    assert amazon.reasons[0].endswith("Asked for: pure white, #FFFFFF.")
    archive = unzipped(local_core, batch_id, Language.RU)
    row = next(csv.DictReader(io.StringIO(archive.read("report.csv").decode("utf-8-sig"))))
    assert (row["amazon"], row["etsy"]) == ("rejected", "accepted")
    assert row["not_met"].splitlines()[0].startswith("amazon: Фон: чисто белого 0 %")
    told = json.loads(archive.read("report.json"))["items"][0]["exports"][0]
    assert (told["missed"], len(told["reasons"])) == (["background", "min_fill"], 2)


def test_a_zip_streams_in_parts_and_leaves_out_what_was_deleted(local_core: Core, tmp_path: Path):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg", "b.jpg"))
    report = worked_off(local_core, batch_id)
    local_core.store.files(report.items[0].run_id, 0).cutout.unlink()
    assert unzipped(local_core, batch_id).namelist() == ["cutouts/b.png", "report.csv", "report.json"]
    assert len(list(asyncio.run(local_core.batches.archive(batch_id)))) > 5


def test_drafts_are_kept_apart_from_good_cutouts(hosted_core: Core, replicate: ReplicateServer, tmp_path: Path):
    replicate.always(BIREFNET, fail())
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP)
    worked_off(hosted_core, batch_id)
    assert unzipped(hosted_core, batch_id).namelist()[0] == "drafts/a.png"


def test_sentences_are_the_readers(local_core: Core, tmp_path: Path):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.txt", data=b"hello"))
    assert report_of(local_core, batch_id, Language.RU).items[0].explanation.startswith("Это не картинка")


def test_a_finished_photo_has_a_small_picture(local_core: Core, tmp_path: Path):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg"))
    with pytest.raises(FilesGone):
        asyncio.run(local_core.batches.thumbnail(batch_id, 1))
    worked_off(local_core, batch_id)
    with Image.open(asyncio.run(local_core.batches.thumbnail(batch_id, 1))) as picture:
        assert picture.size == (112, 84)


def test_what_cannot_be_worked_on_is_said(local_core: Core, tmp_path: Path):
    with pytest.raises(NoSuchBatch):
        report_of(local_core, "0" * 32)
    with pytest.raises(NothingToRun):
        worked_off(local_core, taken(local_core, hand_in(tmp_path / "up", "a.txt", data=b"no")))
    with pytest.raises(NoSuchMarketplace):
        taken(local_core, [], BatchOptions(marketplaces=("nowhere",)))


def test_to_start_twice_is_to_start_once(hosted_core: Core, replicate: ReplicateServer, tmp_path: Path):
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP)
    worked_off(hosted_core, batch_id)
    assert worked_off(hosted_core, batch_id).status is BatchStatus.ENDED
    assert len(replicate.creations) == 1


def test_old_batches_go_with_their_photos_and_running_ones_stay(local_core: Core, tmp_path: Path):
    old, running = (taken(local_core, hand_in(tmp_path / "up", "a.jpg")) for _ in range(2))
    asyncio.run(local_core.batches.start(running))
    asyncio.run(local_core.batches.tidy(timedelta(hours=-1)))
    assert report_of(local_core, running).status is BatchStatus.RUNNING
    with pytest.raises(NoSuchBatch):
        report_of(local_core, old)
    assert [path.name for path in (local_core.settings.data_dir / "batches").iterdir()] == [running]


def test_the_queue_works_on_what_is_put_into_it_and_takes_no_more_while_the_program_stops(
    local_core: Core, tmp_path: Path
):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg", "b.jpg"))

    async def serve() -> list[int]:
        working = asyncio.create_task(local_core.batches.work())
        await local_core.batches.start(batch_id)
        while (await local_core.batches.report(batch_id)).done < 2:  # noqa: ASYNC110  # as the page does
            await asyncio.sleep(0)
        await local_core.service.stop(0)
        later = await local_core.batches.take(hand_in(tmp_path / "up", "c.jpg"), BatchOptions())
        await local_core.batches.start(later)
        await asyncio.sleep(0)
        working.cancel()
        return [report.done for report in [await local_core.batches.report(one) for one in (batch_id, later)]]

    assert asyncio.run(serve()) == [2, 0]


def test_time_left_comes_from_what_the_photos_took(hosted_core: Core, tmp_path: Path):
    batch_id = taken(hosted_core, hand_in(tmp_path / "up", *(f"{n}.jpg" for n in range(8))))
    assert report_of(hosted_core, batch_id).left_s is None
    asyncio.run(hosted_core.batches.start(batch_id))
    assert report_of(hosted_core, batch_id).left_s == pytest.approx(50, abs=5)
    _begun_earlier(hosted_core, timedelta(seconds=20))
    assert report_of(hosted_core, batch_id).left_s == pytest.approx(30, abs=5), (
        "before the first is done it counts down"
    )
    _begun_earlier(hosted_core, timedelta(seconds=90))
    assert report_of(hosted_core, batch_id).left_s is None
    desk = hosted_core.batches._tray.desk
    claim = desk.take_next()
    done = claim.item.model_copy(update={"state": ItemState.SUCCEEDED, "seconds": 8.0})
    assert desk.finish(claim, done)
    assert report_of(hosted_core, batch_id).left_s == 14


def _begun_earlier(core: Core, by: timedelta) -> None:
    with core.database.write() as session:
        for row in session.scalars(select(BatchRow)):
            row.started_at = row.started_at and row.started_at - by
            row.ended_at = row.ended_at and row.ended_at - by


def test_time_between_the_end_and_another_try_does_not_count(
    hosted_core: Core, replicate: ReplicateServer, tmp_path: Path
):
    replicate.script(BIREFNET, fail())
    worked_off(hosted_core, batch_id := taken(hosted_core, hand_in(tmp_path / "up", "a.jpg"), CHEAP))
    _begun_earlier(hosted_core, timedelta(seconds=3600))
    asyncio.run(_again(hosted_core, batch_id))
    assert report_of(hosted_core, batch_id).elapsed_s < 600


def test_a_deleted_batch_leaves_nothing_of_its_photos(local_core: Core, tmp_path: Path):
    batch_id = taken(local_core, hand_in(tmp_path / "up", "a.jpg", "b.jpg"))
    run_ids = [item.run_id for item in worked_off(local_core, batch_id).items]
    asyncio.run(local_core.batches.delete(batch_id))
    with pytest.raises(NoSuchBatch):
        report_of(local_core, batch_id)
    left = [path.name for path in local_core.settings.data_dir.rglob("*")]
    assert not {batch_id, *run_ids} & set(left)


def test_what_cannot_start_in_the_same_call_is_not_kept(capped_core: Core, replicate: ReplicateServer, tmp_path: Path):
    with pytest.raises(OverBudget):
        asyncio.run(capped_core.batches.take_and_start(hand_in(tmp_path / "up", *"defg"), CHEAP, "v"))
    assert capped_core.batches._tray.desk.of_visitor("v") == []
    assert list((capped_core.settings.data_dir / "batches").iterdir()) == []
    assert replicate.creations == []


def test_files_without_a_photo_that_are_to_start_at_once_are_over_with_a_line_each(local_core: Core, tmp_path: Path):
    files = hand_in(tmp_path / "up", "a.txt", "b.txt", data=b"no photo")
    report = report_of(local_core, asyncio.run(local_core.batches.take_and_start(files, BatchOptions())))
    assert (report.status, states(report)) == (BatchStatus.ENDED, [ItemState.REFUSED] * 2)
    assert all((item.explanation or "").startswith("This file is not a picture") for item in report.items)


def test_batches_that_never_start_make_room_for_new_ones_and_running_ones_do_not(local_core: Core, tmp_path: Path):
    files = hand_in(tmp_path / "up", "a.jpg")
    first, *others = [taken(local_core, files, visitor="greedy") for _ in range(11)]
    with pytest.raises(NoSuchBatch):
        report_of(local_core, first)
    for batch_id in others:
        asyncio.run(local_core.batches.start(batch_id))
    with pytest.raises(TooManyBatches):
        taken(local_core, files, visitor="greedy")
    taken(local_core, files, visitor="modest")
    asyncio.run(local_core.batches.delete(others[0]))
    taken(local_core, files, visitor="greedy")


def test_a_batch_that_was_left_before_its_start_gives_its_room_to_the_next(local_core: Core, tmp_path: Path):
    left = taken(local_core, hand_in(tmp_path / "up", "a.jpg"))
    with (local_core.settings.data_dir / "batches" / left / "1.photo").open("ab") as photo:
        photo.truncate(MOST_BYTES)
    files = hand_in(tmp_path / "up", "b.jpg")
    assert states(report_of(local_core, taken(local_core, files))) == [ItemState.REFUSED], "its page may be open"
    with local_core.database.write() as session:
        session.execute(text("UPDATE batches SET created_at = '2020-01-01 00:00:00.000000'"))
    assert states(report_of(local_core, taken(local_core, files))) == [ItemState.WAITING]


def test_pictures_of_photos_that_are_done_do_not_stay_in_memory(local_core: Core, tmp_path: Path):
    batch_id = taken(
        local_core, hand_in(tmp_path / "up", "a.jpg", "b.jpg"), BatchOptions(marketplaces=("ozon", "etsy"))
    )
    assert states(worked_off(local_core, batch_id)) == [ItemState.SUCCEEDED] * 2
    assert local_core.store._bench.bytes == 0
