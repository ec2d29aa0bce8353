from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import fields
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from app import Core
from domain import Attempt, Language, Outcome, SelectionRequest
from providers import Stage
from runs import AttemptEnded, AttemptProgress, AttemptStarted, FallbackChosen, RunEvent, RunStarted
from service import Service
from tests.fakes.behaviours import fail
from tests.fakes.replicate_server import TARGETS, ReplicateServer
from tests.photos import jpeg, product_photo
from tests.runs.running import events_of, mug
from tests.ui.updates import asking, told_by
from ui import run_tab
from ui.choices import ANYWHERE, AUTO, UNKNOWN
from ui.screen import Screen
from wording import say

UNTOUCHED = (AUTO, ANYWHERE, "balanced", UNKNOWN, False, False)


class Told(Service):
    """The real service, whose runs are told from a list; an exception in the list is raised."""

    def __init__(self, core: Core, *events: RunEvent | Exception) -> None:
        vars(self).update(vars(core.service))
        self.events = events
        self.closed = False

    async def run(
        self,
        _upload: bytes,
        _request: SelectionRequest,
        _visitor: str = "",
        _key: str | None = None,
        *,
        patient: bool = False,  # noqa: ARG002  # the service's
        place: AsyncExitStack | None = None,  # noqa: ARG002  # the service's
    ) -> Any:
        try:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed = True


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "mug.jpg"
    path.write_bytes(mug())
    return str(path)


def screens_of(service: Service, photo: str | None, header: str = "en") -> tuple[list[dict[str, Any]], str | None]:
    """Every update of the page by name, and the sentence of the toast, if there was one."""
    return told_by(run_tab.run(service, photo, *UNTOUCHED, request=asking(header)), by_name)


def by_name(outputs: Sequence[Any]) -> dict[str, Any]:
    return dict(zip((field.name for field in fields(Screen)), outputs, strict=True))


def test_a_run_ends_with_the_picture_its_files_and_its_reason(local_core: Core, photo: str) -> None:
    shown, toast = screens_of(local_core.service, photo)
    last = shown[-1]
    assert toast is None
    assert "your cutout is ready" in last["status"]
    assert Path(last["cutout"]["value"]).read_bytes().startswith(b"\x89PNG")
    assert Path(last["matte"]["value"]).exists()
    assert all(Path(path).exists() for path in last["picture"]["value"])
    assert "Embedded engine" in last["timeline"]["value"]
    assert last["report"]["status"] == "succeeded"
    assert last["run"]["interactive"]
    assert last["stop"]["visible"] == "hidden"


def test_what_is_wrong_with_the_photo_stands_under_the_cutout_in_the_visitors_language(
    local_core: Core, tmp_path: Path
) -> None:
    path = tmp_path / "small.jpg"
    path.write_bytes(jpeg(product_photo(64, 48)))
    for header, sentence in (("en", "This photo is very small (64×48)"), ("ru", "Фото очень маленькое (64×48)")):
        last = screens_of(local_core.service, str(path), header)[0][-1]
        assert re.search(rf'<p class="caption warned" role="note">{re.escape(sentence)}', last["caption"]["value"])


def test_a_draft_is_warned_of_as_a_cutout_is(hosted_core: Core, replicate: ReplicateServer, tmp_path: Path) -> None:
    for target in TARGETS.values():
        replicate.always(target, fail())
    path = tmp_path / "small.jpg"
    path.write_bytes(jpeg(product_photo(64, 48)))
    caption = screens_of(hosted_core.service, str(path))[0][-1]["caption"]["value"]
    assert caption.index("Draft") < caption.index("This photo is very small (64×48)")


def test_a_good_photo_has_no_warning_under_it(local_core: Core, photo: str) -> None:
    assert "warned" not in screens_of(local_core.service, photo)[0][-1]["caption"]["value"]


def test_the_first_update_takes_the_old_result_away_and_offers_stop(local_core: Core, photo: str) -> None:
    first = screens_of(local_core.service, photo)[0][0]
    assert first["picture"] == gr.update(value=None, visible=False)
    assert first["cutout"] == gr.update(value=None)
    assert first["stop"]["visible"] is True


def test_a_file_that_is_no_photo_is_answered_by_one_sentence(local_core: Core, tmp_path: Path) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("not a picture")
    shown, toast = screens_of(local_core.service, str(text), "ru")
    assert toast
    assert toast in shown[-1]["status"]
    assert toast == say("error.photo_not_a_picture", {}, Language.RU)
    assert shown[-1]["run"]["interactive"]


def test_no_photo_is_answered_by_one_sentence(local_core: Core) -> None:
    shown, toast = screens_of(local_core.service, None)
    assert toast == "Please choose a photo first."
    assert toast in shown[-1]["status"]


def test_a_bug_is_apologised_for_and_logged(local_core: Core, photo: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        shown, toast = screens_of(Told(local_core, RuntimeError("secret detail")), photo)
    assert toast == "Something went wrong on our side. Your photo is fine; please try again."
    assert toast in shown[-1]["status"]
    assert "secret detail" in caplog.text


def test_leaving_early_closes_the_services_run(local_core: Core, photo: str) -> None:
    service = Told(local_core, *events_of(local_core.service))

    async def leave() -> None:
        running = run_tab.run(service, photo, *UNTOUCHED, request=asking())
        async with aclosing(running) as updates:  # type: ignore[type-var]
            await anext(updates)
            await anext(updates)

    asyncio.run(leave())
    assert service.closed


def test_while_a_model_works_the_status_line_counts_seconds(local_core: Core, photo: str) -> None:
    selection = asyncio.run(local_core.service.select(SelectionRequest()))
    started = Attempt(number=1, model_id="embedded")
    failed = started.model_copy(update={"outcome": Outcome.FAILED, "error": "engine_fault", "seconds": 2.0})
    none_left = selection.model_copy(update={"model_id": None, "fallback_chain": ()})
    events = (
        RunStarted("id", selection),
        AttemptStarted("id", started, 25),
        AttemptProgress("id", "embedded", Stage.WORKING, 12, 25),
        AttemptEnded("id", failed),
        FallbackChosen("id", "embedded", none_left),
    )
    shown = screens_of(Told(local_core, *events), photo)[0][1:]
    assert "12 s of about 25 s" in shown[2]["status"]
    assert "engine broke" in shown[3]["timeline"]["value"]
    assert "Embedded engine did not manage" in shown[4]["status"]


def test_when_every_hosted_model_fails_the_draft_is_kept_and_called_one(
    hosted_core: Core, replicate: ReplicateServer, photo: str
) -> None:
    for target in TARGETS.values():
        replicate.always(target, fail())
    last = screens_of(hosted_core.service, photo)[0][-1]
    assert last["report"]["status"] == "draft"
    assert "Draft" in last["caption"]["value"]
    assert "status warn" in last["status"]


def test_auto_shows_the_card_of_the_model_that_would_work_now(local_core: Core) -> None:
    card = asyncio.run(run_tab.show_card(local_core.service, *UNTOUCHED, request=asking()))
    assert "Embedded engine" in card
    assert "Auto, right now" in card


def test_a_chosen_model_shows_its_own_card(local_core: Core) -> None:
    card = asyncio.run(run_tab.show_card(local_core.service, "birefnet", *UNTOUCHED[1:], request=asking()))
    assert "BiRefNet" in card
    assert "Auto" not in card


def test_a_run_that_did_not_tell_its_end_was_stopped() -> None:
    shown = by_name(run_tab.after_run(False, asking("ru")))
    assert "Остановлено" in shown["status"]
    assert shown["run"]["interactive"]


def test_a_run_that_told_its_end_is_left_as_it_is() -> None:
    assert set(map(str, run_tab.after_run(True, asking()))) == {str(gr.skip())}


def test_every_ending_that_is_told_marks_the_run_as_over(local_core: Core, photo: str) -> None:
    ended, _ = screens_of(local_core.service, photo)
    refused, _ = screens_of(local_core.service, None)
    assert [ended[0]["over"], ended[-1]["over"], refused[0]["over"], refused[-1]["over"]] == [False, True, False, True]
