"""The tab of many photos: what its handlers show, before, while and after, and what they refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import fields
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio.data_classes import FileData, ListFiles
from gradio.utils import get_upload_folder

from app import Core
from batches import Handed
from domain import (
    Background,
    BackgroundKind,
    BatchReport,
    BatchStatus,
    Estimate,
    ExportFormat,
    ExportLine,
    ExportOptions,
    ItemReport,
    ItemState,
    Language,
    Placement,
    RuleKind,
)
from errors import NoSuchBatch
from settings import Settings
from tests.batches.batching import hand_in
from tests.cores import core_of
from tests.ui.updates import asking
from tests.ui.values import HOSTILE
from ui import batch_tab, batch_table, figures
from ui.batch_files import FilesInput, FolderButton
from ui.batch_layout import View
from ui.strings import TEXTS

LOOKS: tuple[Any, ...] = ("white", "#F3EFE8", "#C9D6DF", "centre", 0, "auto", False, False)
WISHES: tuple[Any, ...] = ("auto", ["ozon"], "balanced", False, False, *LOOKS)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    core = core_of(Settings(data_dir=tmp_path / "tab"))
    yield core
    core.database.close()


def view(outputs: tuple[Any, ...]) -> View:
    return View(**dict(zip((one.name for one in fields(View)), outputs, strict=True)))


def shown(update: Any) -> bool:
    return bool(update["visible"])


def handed(core: Core, folder: Path, *names: str, **given: Any) -> View:
    files = hand_in(folder, *names, **given)
    return view(asyncio.run(batch_tab.hand_in(core.batches, files, "", *WISHES, asking())))


def test_what_it_may_cost_is_shown_before_it_can_be_started(core: Core, tmp_path: Path):
    seen = handed(core, tmp_path / "up", "a.jpg", "b.jpg")
    assert "Ready to start. Photos: 2." in seen.told
    assert "At most" in seen.told
    assert shown(seen.start)
    assert seen.start["interactive"]
    assert not shown(seen.stop)
    assert seen.table.count("waiting") == 2
    assert seen.timer.active is False


def test_files_that_are_no_photos_say_why_and_cannot_be_started(core: Core, tmp_path: Path):
    seen = handed(core, tmp_path / "up", "a.txt", data=b"hello")
    assert "There is no photo among these files." in seen.told
    assert "This file is not a picture" in seen.table
    assert not seen.start["interactive"]


def test_from_the_start_to_the_zip_the_page_follows(core: Core, tmp_path: Path):
    batch_id = handed(core, tmp_path / "up", "a.jpg").batch_id

    async def through() -> tuple[View, View, View]:
        started = view(await batch_tab.start(core.batches, batch_id, asking()))
        await core.batches.settle()
        ended = view(await batch_tab.tick(core.batches, batch_id, started.seen, asking()))
        again = view(await batch_tab.tick(core.batches, batch_id, ended.seen, asking()))
        return started, ended, again

    started, ended, again = asyncio.run(through())
    assert f'href="?batch={batch_id}"' in started.told
    assert started.timer.active
    assert shown(started.stop)
    assert "Done: all photos are cut out, 1 in all." in ended.told
    assert f'src="batches/{batch_id}/photos/1/thumbnail' in ended.table
    assert f'href="batches/{batch_id}/archive?language=en"' in ended.archive["value"]
    assert ended.timer.active is False
    assert again.table == gr.skip(), "an unchanged table is not sent again"


def test_its_link_brings_a_batch_back_in_the_language_of_who_opens_it(core: Core, tmp_path: Path):
    batch_id = handed(core, tmp_path / "up", "a.jpg").batch_id
    tabs, model, marketplaces, *outputs = asyncio.run(batch_tab.open_link(core.batches, asking("ru", batch=batch_id)))
    assert tabs.selected == batch_tab.TAB
    assert model["choices"][0][0].startswith("Авто")
    assert ("Яндекс Маркет", "yandex_market") in marketplaces["choices"]
    assert "Можно начинать, фото: 1." in view(tuple(outputs)).told


@pytest.mark.parametrize("wrong", ["0" * 32, "../../etc", "x", "' OR 1=1", "\0"])
def test_a_link_that_leads_nowhere_says_so(core: Core, wrong: str):
    _, _, _, *outputs = asyncio.run(batch_tab.open_link(core.batches, asking(batch=wrong)))
    seen = view(tuple(outputs))
    assert "There is no such batch." in seen.told
    assert seen.timer.active is False


def test_without_a_link_the_page_opens_as_always(core: Core):
    tabs, _, _, *outputs = asyncio.run(batch_tab.open_link(core.batches, asking()))
    assert tabs == gr.skip()
    assert "Hand in up to 500 photos." in view(tuple(outputs)).told
    assert view(tuple(outputs)).told.count("<li>") == 4  # what to do, step by step


def test_other_wishes_change_the_estimate_until_it_is_started(core: Core, tmp_path: Path):
    batch_id = handed(core, tmp_path / "up", "a.jpg").batch_id
    fast: tuple[Any, ...] = ("embedded", [], "fast", True, False, *LOOKS)
    seen = view(asyncio.run(batch_tab.rethink(core.batches, batch_id, *fast, asking())))
    assert "Embedded engine" in seen.told
    report = asyncio.run(core.batches.report(batch_id))
    assert report.marketplaces == ()


def test_how_the_files_look_is_asked_as_for_one_photo(core: Core, tmp_path: Path):
    batch_id = handed(core, tmp_path / "up", "a.jpg").batch_id
    looks = ("gradient", "rgba(255, 0, 0, 1)", "#00FF00", "bottom", 60, "png", True, True)
    asyncio.run(batch_tab.rethink(core.batches, batch_id, *WISHES[:5], *looks, asking()))
    terms = core.batches._tray.desk.terms(batch_id)
    assert terms
    assert terms[0].export == ExportOptions(
        background=Background(kind=BackgroundKind.GRADIENT, colour="#FF0000", second="#00FF00"),
        placement=Placement.BOTTOM,
        fill=0.6,
        file_format=ExportFormat.PNG,
        shadow=True,
        enlarge=True,
    )
    with pytest.raises(gr.Error, match="colours look like"):
        asyncio.run(batch_tab.rethink(core.batches, batch_id, *WISHES[:5], "colour", "reddish", *looks[2:], asking()))


def test_deleted_photos_leave_the_tab_as_at_the_beginning(core: Core, tmp_path: Path):
    batch_id = handed(core, tmp_path / "up", "a.jpg").batch_id
    files, *outputs = asyncio.run(batch_tab.delete(core.batches, batch_id, asking("ru")))
    seen = view(tuple(outputs))
    assert (files, seen.batch_id, seen.table) == (None, "", "")
    assert "Удалено: и фото" in seen.told


def test_uploads_go_with_their_batch_and_those_that_are_handed_in_again_stay(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    one, other = (hand_in(tmp_path / name, f"{name}.jpg") for name in ("one", "other"))

    async def given(files: list[Handed], earlier: str) -> str:
        return str(view(await batch_tab.hand_in(core.batches, files, earlier, *WISHES, asking())).batch_id)

    first = asyncio.run(given([*one, *other], ""))
    second = asyncio.run(given(other, first))
    assert ((tmp_path / "one").exists(), (tmp_path / "other").exists()) == (False, True)
    asyncio.run(batch_tab.delete(core.batches, second, asking()))
    assert not (tmp_path / "other").exists()


def test_other_files_take_the_place_of_those_that_were_not_started(core: Core, tmp_path: Path):
    first = handed(core, tmp_path / "up", "a.jpg").batch_id
    files = hand_in(tmp_path / "up", "b.jpg", "c.jpg")
    seen = view(asyncio.run(batch_tab.hand_in(core.batches, files, first, *WISHES, asking())))
    assert "Photos: 2." in seen.told
    with pytest.raises(NoSuchBatch):
        asyncio.run(core.batches.report(first))


def test_to_take_the_files_away_is_to_begin_anew(core: Core):
    seen = view(asyncio.run(batch_tab.hand_in(core.batches, [], "", *WISHES, asking())))
    assert (seen.batch_id, seen.table) == ("", "")
    assert not shown(seen.start)


def test_a_button_that_cannot_do_its_work_says_why(core: Core, tmp_path: Path):
    batch_id = handed(core, tmp_path / "up", "a.txt", data=b"hello").batch_id
    with pytest.raises(gr.Error, match="There is no photo here to work on"):
        asyncio.run(batch_tab.start(core.batches, batch_id, asking()))
    with pytest.raises(gr.Error, match="Такой пачки нет"):
        asyncio.run(batch_tab.stop(core.batches, "0" * 32, asking("ru")))


def line(**given: Any) -> ItemReport:
    usual: dict[str, Any] = {
        "number": 1,
        "file": "a.jpg",
        "state": ItemState.SUCCEEDED,
        "run_id": "ab" * 16,
        "model_id": "birefnet",
        "model": "BiRefNet",
        "fallbacks": 0,
        "seconds": 6.0,
        "cost_usd": 0.002,
        "explanation": None,
        "exports": (),
    }
    return ItemReport(**{**usual, **given})


def report(*items: ItemReport, status: BatchStatus = BatchStatus.RUNNING, **given: Any) -> BatchReport:
    usual: dict[str, Any] = {
        "batch_id": "cd" * 16,
        "status": status,
        "photos": 10,
        "done": 4,
        "refused": 0,
        "states": {ItemState.SUCCEEDED: 3},
        "cost_usd": 0.09,
        "elapsed_s": 60.0,
        "left_s": 200.0,
        "marketplaces": ("ozon",),
        "estimate": None,
        "items": items,
    }
    return BatchReport(**{**usual, **given})


def test_progress_says_how_many_how_long_and_how_much():
    assert "4 of 10 · about 3 min left · $0.09 so far" in batch_table.summary(report(), {}, Language.EN)
    assert "4 из 10 · осталось около 3 мин · пока 0,09 $" in batch_table.summary(report(), {}, Language.RU)


@pytest.mark.parametrize(
    ("status", "states", "said"),
    [
        (BatchStatus.ENDED, {ItemState.SUCCEEDED: 9, ItemState.FAILED: 1}, "Finished: 9 of 10 photos"),
        (BatchStatus.STOPPED, {ItemState.SUCCEEDED: 2}, "Stopped: 2 of 10 photos"),
    ],
)
def test_the_end_says_how_many_are_cut_out(status: BatchStatus, states: dict[ItemState, int], said: str):
    assert said in batch_table.summary(report(status=status, states=states), {}, Language.EN)


def test_a_batch_without_a_photo_ends_with_that():
    told = batch_table.summary(report(status=BatchStatus.ENDED, photos=0, done=0, states={}), {}, Language.EN)
    assert "There is no photo among these files." in told
    assert "Done" not in told


def test_a_budget_that_does_not_hold_it_is_said_with_what_is_left():
    estimate = Estimate(
        photos=10, plan=("v2",), worst_photo_usd=0.03, worst_usd=0.3, typical_s=75, left_usd=0.1, holds=False
    )
    told = batch_table.summary(report(status=BatchStatus.PREPARED, estimate=estimate), {"v2": "Kontext"}, Language.EN)
    assert "of which $0.10 is left" in told
    assert "$0.30" in told
    assert "Kontext" in told


def made(marketplace: str, **given: Any) -> ExportLine:
    usual: dict[str, Any] = {"export": 1, "accepted": True, "error": None, "missed": (), "reasons": ()}
    return ExportLine(marketplace=marketplace, **{**usual, **given})


REJECTED = made("amazon", accepted=False, missed=(RuleKind.BACKGROUND,), reasons=("Background: 99 % pure white.",))


def test_a_line_tells_model_fallbacks_time_cost_and_what_became_of_the_files():
    unmade = made("etsy", export=None, accepted=None, error="export_empty", reasons=("There is no product.",))
    told = batch_table.table(report(line(fallbacks=2, exports=(made("ozon"), REJECTED, unmade))), Language.EN)
    for said in ("BiRefNet", "did not deliver before: 2", "6 s", "$0.002", "Ozon: fits the rules."):
        assert said in told
    assert 'title="Amazon: a rule is not met. Background: 99 % pure white."' in told
    assert "<small>Background</small>" in told
    assert "Etsy: no file. There is no product." in told


def test_the_end_counts_files_that_were_left_out_and_files_that_are_not_accepted():
    states, photo = {ItemState.SUCCEEDED: 10}, line(exports=(made("ozon"), REJECTED))
    stopped = report(photo, status=BatchStatus.STOPPED, states=states, refused=2)
    assert "Files left out: 2. Files that do not" in batch_table.summary(stopped, {}, Language.EN)
    told = batch_table.summary(report(photo, status=BatchStatus.ENDED, states=states, refused=2), {}, Language.EN)
    assert "10 in all. Files left out: 2. Files that do not meet a required rule: 1;" in told
    assert "status warn" in told


def test_names_and_sentences_are_text_whatever_is_in_them():
    told = batch_table.table(report(line(file=HOSTILE, explanation=HOSTILE, model=HOSTILE)), Language.EN)
    assert told.count(escape(HOSTILE)) == 3
    assert HOSTILE not in told


@pytest.mark.parametrize("state", ItemState)
def test_every_state_has_a_word_and_a_badge(state: ItemState):
    assert f"state_{state}" in TEXTS
    assert "badge" in batch_table.table(report(line(state=state)), Language.RU)


@pytest.mark.parametrize(("seconds", "said"), [(45, "45 s"), (150, "2 min"), (5399, "90 min"), (9000, "2.5 h")])
def test_long_times_are_said_in_minutes_and_hours(seconds: float, said: str):
    assert figures.duration(seconds, Language.EN) == said


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "nowhere.jpg", "../../etc/passwd"])
@pytest.mark.parametrize("kind", [FilesInput, FolderButton])
def test_only_files_that_were_uploaded_here_are_taken(kind: type, path: str):
    payload = ListFiles(root=[FileData(path=path, orig_name="a.jpg")])
    with pytest.raises(gr.Error, match="Please upload"):
        kind(file_count="multiple").preprocess(payload)


@pytest.mark.parametrize("address", ["http://169.254.169.254/x", "HTTPS://example.com/a.jpg"])
def test_web_addresses_are_not_fetched_for_a_batch(address: str):
    with pytest.raises(gr.Error, match="Please upload"):
        asyncio.run(FilesInput(file_count="multiple").async_move_resource_to_block_cache(address))


def test_an_uploaded_file_keeps_the_name_that_its_owner_gave_it():
    path = Path(get_upload_folder()) / "a" / "cleaned.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    payload = ListFiles(root=[FileData(path=str(path), orig_name="чашка (2).jpg"), FileData(path=str(path))])
    assert [one.name for one in FilesInput(file_count="multiple").preprocess(payload)] == [
        "чашка (2).jpg",
        "cleaned.jpg",
    ]


@pytest.mark.parametrize(("kind", "name"), [(FilesInput, "file"), (FolderButton, "uploadbutton")])
def test_the_page_knows_them_as_gradios_own_components(kind: type, name: str):
    assert kind(file_count="multiple").get_block_name() == name
