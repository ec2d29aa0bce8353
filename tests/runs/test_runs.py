"""Runs through the real service, registry, database and `replicate` package, against the fake Replicate."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text
from structlog.testing import capture_logs

from app import Core
from domain import (
    ModelInfo,
    Outcome,
    ProviderKind,
    ProviderOutput,
    Readiness,
    Reason,
    RunReport,
    RunStatus,
    SelectionRequest,
    Spent,
)
from errors import InvalidPhoto, NoRoom
from providers import cleanup
from registry import ModelRegistry
from runs import (
    AttemptEnded,
    AttemptProgress,
    AttemptStarted,
    DraftReady,
    FallbackChosen,
    FileStore,
    RunEnded,
    RunEvent,
    RunStarted,
)
from service import Limits, Service
from tests.conftest import SettingsMaker
from tests.cores import core_of
from tests.fakes.behaviours import (
    Answer,
    Behaviour,
    Reply,
    Silence,
    drop_on_create,
    fail,
    forever,
    http,
    nsfw,
    output,
)
from tests.fakes.pictures import matte_by_border
from tests.fakes.replicate_server import BIREFNET, V1, V2, ReplicateServer
from tests.fakes.wire import Request
from tests.photos import png, raster
from tests.runs.crashing import lapse
from tests.runs.running import AUTO, events_of, mug, run


def outcomes(result):
    return [(attempt.model_id, attempt.outcome) for attempt in result.attempts]


def test_without_a_token_the_embedded_engine_makes_the_cutout_and_the_explanation_says_why(local_core: Core):
    result = run(local_core.service)
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "embedded")
    assert "need a Replicate token" in local_core.service.report(result).explanation


def test_with_a_token_the_first_cutout_is_made_by_v2(hosted_core: Core):
    result = run(hosted_core.service)
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "flux-kontext-lora-v2")
    assert outcomes(result) == [("flux-kontext-lora-v2", Outcome.SUCCEEDED)]


def test_the_exports_are_an_rgba_cutout_and_a_matte_at_the_size_of_the_photo(hosted_core: Core):
    files = run(hosted_core.service).files
    with Image.open(files.cutout) as cutout, Image.open(files.matte) as matte:
        assert (cutout.mode, cutout.size) == ("RGBA", (320, 240))
        assert (matte.mode, matte.size) == ("L", (320, 240))
        assert cutout.getchannel("A").getextrema() == (0, 255)


def test_when_v2_and_v1_fail_birefnet_takes_over_and_every_step_is_explained(
    hosted_core: Core, replicate: ReplicateServer
):
    replicate.always(V2, fail())
    replicate.always(V1, http(500))
    result = run(hosted_core.service)
    assert outcomes(result) == [
        ("flux-kontext-lora-v2", Outcome.FAILED),
        ("flux-kontext-lora-v1", Outcome.FAILED),
        ("birefnet", Outcome.SUCCEEDED),
    ]
    report = hosted_core.service.report(result)
    assert report.reason is Reason.FALLBACK_ERROR
    assert (
        "FLUX Kontext LoRA v1 did not deliver (a fault at the provider), so BiRefNet takes over" in report.explanation
    )


def test_when_all_hosted_models_fail_the_draft_is_kept_and_the_explanation_is_honest(
    hosted_core: Core, replicate: ReplicateServer
):
    for target in (V2, V1, BIREFNET):
        replicate.always(target, fail())
    result = run(hosted_core.service)
    assert (result.status, result.model_id) == (RunStatus.DRAFT, "embedded")
    assert result.files.cutout.exists()
    assert "draft of Embedded engine" in hosted_core.service.report(result).explanation


def test_without_local_engines_a_run_that_fails_everywhere_ends_as_failed(
    make_settings: SettingsMaker, replicate: ReplicateServer
):
    for target in (V2, V1, BIREFNET):
        replicate.always(target, fail())
    settings = make_settings(
        replicate_api_token=replicate.token, replicate_base_url=replicate.url, local_engine="never"
    )
    core = core_of(settings)
    result = run(core.service)
    assert (result.status, result.model_id, result.files) == (RunStatus.FAILED, None, None)
    core.database.close()


def test_the_draft_comes_before_a_hosted_model_ends(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, forever())

    async def first_draft() -> str:
        async with aclosing(hosted_core.service.run(mug(), SelectionRequest())) as events:
            async for event in events:
                if isinstance(event, DraftReady):
                    return event.run_id
        raise AssertionError("no draft")

    run_id = asyncio.run(first_draft())
    assert asyncio.run(hosted_core.service.run_report(run_id)).status is RunStatus.CANCELLED


def test_closing_the_events_cancels_the_prediction_and_the_journal_says_so(
    hosted_core: Core, replicate: ReplicateServer
):
    replicate.always(V2, forever())

    async def close_when_the_prediction_runs() -> str:
        async with aclosing(hosted_core.service.run(mug(), SelectionRequest())) as events:
            async for event in events:
                if replicate.jobs:
                    return event.run_id
        raise AssertionError("no prediction")

    run_id = asyncio.run(close_when_the_prediction_runs())
    report = asyncio.run(hosted_core.service.run_report(run_id))
    assert report.status is RunStatus.CANCELLED
    assert [attempt.outcome for attempt in report.attempts] == [Outcome.CANCELLED]
    assert replicate.jobs[0].cancelled


def stopped(core: Core, replicate: ReplicateServer) -> RunReport:
    """The report of a run that is stopped as soon as the provider has its order."""

    async def stop() -> str:
        async with aclosing(core.service.run(mug(), SelectionRequest())) as events:
            async for event in events:
                if replicate.jobs:
                    return event.run_id
        raise AssertionError("no prediction")

    report = asyncio.run(core.service.run_report(asyncio.run(stop())))
    assert report
    return report


def test_a_prediction_that_is_stopped_before_it_has_started_costs_nothing(
    hosted_core: Core, replicate: ReplicateServer
):
    replicate.always(V2, forever("starting"))
    report = stopped(hosted_core, replicate)
    assert (report.status, report.cost_usd) == (RunStatus.CANCELLED, 0)
    assert replicate.jobs[0].cancelled
    assert hosted_core.service.spend().day == Spent()


def test_an_order_that_is_stopped_before_its_answer_has_come_is_unsure_and_its_price_stays_reserved(
    hosted_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cleanup, "LATE_S", 0.05)
    replicate.always(V2, Behaviour(creation=Silence(), made=True))
    report = stopped(hosted_core, replicate)
    assert report.status is RunStatus.CANCELLED
    assert [(one.outcome, one.error, one.cost_usd) for one in report.attempts] == [(Outcome.UNSURE, "unsure", 0.03)]
    assert hosted_core.service.spend().day == Spent(unsure_usd=0.03)


def test_events_come_in_the_order_of_the_run(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, fail())
    kinds = [type(event) for event in events_of(hosted_core.service)]
    told = [kind for kind in kinds if kind in {RunStarted, AttemptStarted, AttemptEnded, FallbackChosen, RunEnded}]
    attempt = [AttemptStarted, AttemptEnded]
    assert told == [RunStarted, *attempt, FallbackChosen, *attempt, RunEnded]


def test_an_empty_cutout_is_refused_and_counts_as_a_fallback_for_quality(hosted_core: Core, replicate: ReplicateServer):
    replicate.matte = lambda picture: Image.new("L", picture.size, 0)
    replicate.always(V2, fail())
    replicate.always(V1, fail())
    result = run(hosted_core.service)
    assert outcomes(result)[-1] == ("birefnet", Outcome.REFUSED)
    assert result.attempts[-1].error == "empty_cutout"
    report = hosted_core.service.report(result)
    assert (report.status, report.reason) == (RunStatus.DRAFT, Reason.FALLBACK_QUALITY)
    assert "No product was found" in report.attempts[-1].explanation


def test_a_refused_result_is_paid_for_and_a_failed_prediction_is_not(hosted_core: Core, replicate: ReplicateServer):
    replicate.matte = lambda picture: Image.new("L", picture.size, 255)
    replicate.always(V2, fail())
    replicate.always(V1, fail())
    result = run(hosted_core.service)
    assert [attempt.cost_usd for attempt in result.attempts] == [0.0, 0.0, 0.002]


def test_a_creation_that_may_have_been_bought_and_a_canceled_one_are_counted(
    hosted_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(replicate, "_list", lambda _: Reply(500))
    replicate.always(V2, drop_on_create(made=True))
    replicate.always(V1, fail(status="canceled"))
    result = run(hosted_core.service)
    assert [attempt.cost_usd for attempt in result.attempts] == [0.03, 0.03, 0.002]
    assert outcomes(result)[0] == ("flux-kontext-lora-v2", Outcome.UNSURE)
    told = hosted_core.service.report(result).attempts[0]
    assert told.explanation.startswith("Nobody can tell whether")
    assert hosted_core.service.spend().day.unsure_usd == 0.03


def test_a_creation_without_an_answer_is_found_in_the_list_and_not_bought_again(
    hosted_core: Core, replicate: ReplicateServer
):
    replicate.always(V2, drop_on_create(made=True))
    result = run(hosted_core.service)
    assert outcomes(result) == [("flux-kontext-lora-v2", Outcome.SUCCEEDED)]
    assert (len(replicate.creations), result.attempts[0].cost_usd) == (1, 0.03)


def test_a_rejected_token_rests_every_model_of_the_provider(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, http(401))
    result = run(hosted_core.service)
    assert [attempt.error for attempt in result.attempts] == ["unauthenticated"]
    assert result.status is RunStatus.DRAFT
    after = run(hosted_core.service)
    assert (after.status, after.model_id) == (RunStatus.SUCCEEDED, "embedded")
    assert "resting" in hosted_core.service.report(after).explanation


def test_a_safety_refusal_is_not_paid_for_twice_at_the_same_endpoint(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, nsfw())
    result = run(hosted_core.service)
    assert [attempt.model_id for attempt in result.attempts] == ["flux-kontext-lora-v2", "birefnet"]


def test_rubbish_from_a_model_moves_on_to_the_next(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, output("not a link"))
    result = run(hosted_core.service)
    assert result.attempts[0].error == "bad_output"
    assert result.model_id == "flux-kontext-lora-v1"


def test_a_file_that_is_no_photo_raises_before_the_first_event_and_leaves_no_run(local_core: Core):
    with pytest.raises(InvalidPhoto):
        events_of(local_core.service, upload=b"hello, I am a text")
    with local_core.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM runs")) == 0


def test_a_photo_of_nothing_ends_as_failed_with_advice(local_core: Core):
    blank = png(raster(np.full((120, 160, 3), 200, np.uint8)))
    result = run(local_core.service, upload=blank)
    assert result.status is RunStatus.FAILED
    assert local_core.service.report(result).explanation.startswith("Embedded engine goes first")
    assert "would help" in local_core.service.report(result).explanation


def test_the_journal_has_a_row_for_selection_attempts_fallback_and_outcome(
    hosted_core: Core, replicate: ReplicateServer
):
    replicate.always(V2, fail())
    result = run(hosted_core.service)
    with hosted_core.database.read() as session:
        rows = session.execute(text("SELECT event, model_id, error_class, sentence FROM journal ORDER BY id")).all()
    v2, v1 = "flux-kontext-lora-v2", "flux-kontext-lora-v1"
    assert [row[:3] for row in rows] == [
        ("selection", v2, None),
        ("attempt_started", v2, None),
        ("attempt_ended", v2, "prediction_failed"),
        ("fallback", v1, None),
        ("attempt_started", v1, None),
        ("attempt_ended", v1, None),
        ("outcome", v1, None),
    ]
    assert all(row.sentence.endswith((".", "s.")) for row in rows)
    assert result.model_id == v1


def test_an_attempt_stands_in_the_journal_before_anything_is_sent(hosted_core: Core, replicate: ReplicateServer):
    seen: list[Any] = []

    def look() -> None:
        with hosted_core.database.read() as session:
            seen.extend(session.execute(text("SELECT outcome, prediction_id FROM attempts")).all())

    replicate.script(V2, Behaviour(on_creation=look))
    run(hosted_core.service)
    assert seen == [("started", None)]


def test_the_report_is_the_same_from_the_run_and_from_the_database(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, fail())
    result = run(hosted_core.service)
    stored = asyncio.run(hosted_core.service.run_report(result.run_id))
    assert stored == hosted_core.service.report(result)


def test_every_journal_entry_is_a_log_line_that_carries_the_run_id(local_core: Core):
    with capture_logs() as lines:
        result = run(local_core.service)
    assert [line["event"] for line in lines if line.get("run_id") == result.run_id] == [
        "run.selection",
        "run.attempt_started",
        "run.attempt_ended",
        "run.outcome",
    ]


def test_the_day_cap_passes_models_over_that_cost_more_than_what_is_left(
    make_settings: SettingsMaker, replicate: ReplicateServer
):
    settings = make_settings(
        replicate_api_token=replicate.token, replicate_base_url=replicate.url, spend_cap_day_usd=0.01
    )
    core = core_of(settings)
    selection = asyncio.run(core.service.select(SelectionRequest()))
    assert selection.plan == ("birefnet",)
    core.database.close()


def test_half_a_product_is_refused_as_doubtful_and_the_run_goes_on(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, fail())
    replicate.always(V1, fail())
    replicate.matte = lambda picture: left_half_of(matte_by_border(picture))
    result = run(hosted_core.service)
    assert (result.attempts[-1].outcome, result.attempts[-1].error) == (Outcome.REFUSED, "doubtful")
    assert "part of the product seems to be missing" in hosted_core.service.report(result).attempts[-1].explanation


def left_half_of(matte: Image.Image) -> Image.Image:
    left, _, right, _ = matte.getbbox() or (0, 0, 0, 0)
    matte.paste(0, ((left + right) // 2, 0, *matte.size))
    return matte


def test_a_local_engine_that_is_unsure_of_its_result_says_so(local_core: Core):
    result = run(local_core.service)
    unsure = result.attempts[0].model_copy(update={"facts": {"weak": "alike"}})
    told = local_core.service.report(replace(result, attempts=(unsure,))).explanation
    assert told.endswith("Low confidence: the background resembles the product.")


class FullDisk(FileStore):
    """Its folders take no more: each file of the name is the system's own full device."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root)
        self._name = name

    def _made(self, run_id: str) -> Path:
        folder = super()._made(run_id)
        with suppress(FileExistsError):
            (folder / f"{self._name}.part").symlink_to("/dev/full")
        return folder


class Broken:
    """A provider with a bug of ours in it."""

    def ready(self, _model: ModelInfo) -> Readiness:
        return Readiness(ready=True)

    async def run(self, *_: object) -> ProviderOutput:
        raise KeyError("a bug")


def on(core: Core, **tools_of_its_own: object) -> Service:
    tools = replace(core.tools, **tools_of_its_own)
    return Service(ModelRegistry(core.database), tools, Limits(), core.service.privacy, {})


def test_when_the_photo_cannot_be_kept_nothing_is_bought_and_the_person_is_told(
    hosted_core: Core, replicate: ReplicateServer
):
    with pytest.raises(NoRoom):
        run(on(hosted_core, store=FullDisk(hosted_core.store.root, "photo.png")))
    assert replicate.creations == []
    assert hosted_core.tools.ledger.report().day == Spent()


def test_a_cutout_that_was_bought_and_cannot_be_kept_is_in_the_books(hosted_core: Core, replicate: ReplicateServer):
    with pytest.raises(NoRoom):
        run(on(hosted_core, store=FullDisk(hosted_core.store.root, "cutout.png")))
    assert len(replicate.jobs) == 1
    assert hosted_core.tools.ledger.report().day == Spent(paid_usd=0.03)
    with hosted_core.database.read() as session:
        outcomes = session.execute(text("SELECT outcome, cost_usd FROM attempts")).all()
        runs = session.execute(text("SELECT status, model_id FROM runs")).all()
    assert [tuple(row) for row in outcomes] == [("failed", 0.03)]
    assert [tuple(row) for row in runs] == [("draft", "embedded")]


def test_a_bug_takes_the_models_cutout_and_leaves_the_draft_and_the_log_says_so(hosted_core: Core):
    broken = {**hosted_core.tools.providers, ProviderKind.FLUX_KONTEXT: Broken()}
    with capture_logs() as lines:
        result = run(on(hosted_core, providers=broken))
    assert (result.status, result.model_id) == (RunStatus.DRAFT, "embedded")
    assert result.files.cutout.exists()
    assert outcomes(result) == [("flux-kontext-lora-v2", Outcome.FAILED)]
    assert "KeyError" in [line.get("error") for line in lines if line["event"] == "run.broke"]
    assert hosted_core.service.spend().day == Spent()


def test_a_bug_in_a_run_without_a_draft_ends_it_as_failed_and_raises(local_core: Core):
    broken = {**local_core.tools.providers, ProviderKind.EMBEDDED: Broken()}
    with pytest.raises(KeyError):
        run(on(local_core, providers=broken))
    with local_core.database.read() as session:
        assert session.scalars(text("SELECT status FROM runs")).all() == ["failed"]


def too_large_to_embed() -> bytes:
    """A product of noise on a plain ground: its upload comes before its order."""
    pixels = np.full((700, 1000, 3), 230, np.uint8)
    pixels[150:550, 200:800] = np.random.default_rng(1).integers(0, 200, (400, 600, 3))
    return png(raster(pixels))


class Lock:
    """Another program's, on the database."""

    def __init__(self, core: Core) -> None:
        self._path = str(core.database.engine.url.database)
        self._held: sqlite3.Connection | None = None

    @property
    def begun(self) -> bool:
        return self._held is not None

    def begin(self) -> None:
        self._held = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._held.execute("BEGIN IMMEDIATE")

    def end(self) -> None:
        assert self._held
        self._held.close()


def at_upload(replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    store = replicate._store

    def work_and_store(request: Request) -> Answer:
        work()
        return store(request)

    monkeypatch.setattr(replicate, "_store", work_and_store)


def hurried(core: Core) -> Service:
    """Its runs have a second."""
    tools, rules = replace(core.tools, deadline_s=1), core.service.exports.rules
    return Service(ModelRegistry(core.database), tools, Limits(), core.service.privacy, rules)


def test_while_the_database_is_locked_others_are_served_and_nothing_is_bought_before_it_is_written_down(
    hosted_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    lock = Lock(hosted_core)
    at_upload(replicate, monkeypatch, lock.begin)

    async def wait_and_run() -> RunEvent:
        heard = 0
        async with aclosing(hosted_core.service.run(too_large_to_embed(), AUTO)) as events:
            async for event in events:
                if lock.begun and heard < 2 and isinstance(event, AttemptProgress):
                    heard += 1
                    assert replicate.creations == []
                    if heard == 2:
                        lock.end()
        assert heard == 2
        return event

    last = asyncio.run(wait_and_run())
    assert isinstance(last, RunEnded)
    assert last.result.attempts[0].prediction_id == "job0001"


def test_a_database_that_stays_locked_does_not_hold_a_run_past_its_deadline_and_its_end_is_told(
    hosted_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    lock, service = Lock(hosted_core), hurried(hosted_core)
    at_upload(replicate, monkeypatch, lock.begin)
    began = monotonic()
    result = run(service, upload=too_large_to_embed())
    assert monotonic() - began < 1 + 2
    assert (result.status, result.model_id, replicate.creations) == (RunStatus.DRAFT, "embedded", [])
    assert asyncio.run(service.run_report(result.run_id)) == service.report(result)
    lock.end()


def test_an_end_that_could_not_be_written_is_written_later_and_the_run_is_not_taken_up_to_buy_once_more(
    hosted_core: Core, replicate: ReplicateServer
):
    lock, service = Lock(hosted_core), hurried(hosted_core)
    replicate.script(V2, replace(forever(), on_creation=lock.begin))
    result = run(service)
    assert asyncio.run(service.recover()) == timedelta(seconds=1)
    lock.end()

    async def recover() -> None:
        lapse(hosted_core)
        await service.recover()
        await service.settle()

    asyncio.run(recover())
    written = hosted_core.journal.result(result.run_id)
    assert written
    assert (written.status, written.attempts) == (RunStatus.DRAFT, result.attempts)
    assert hosted_core.service.spend().day == Spent(paid_usd=0.03)
    assert len(replicate.creations) == 1
