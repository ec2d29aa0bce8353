"""The page's touch-ups: handlers, what they show, and what they refuse."""

from __future__ import annotations

import asyncio
import base64
import shutil
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from app import Core
from domain import Language, TouchUp
from tests.runs.running import run
from tests.runs.test_touchup import GREEN, WALL, painted
from tests.ui.updates import asking, told_by
from ui import touchup
from ui.easel import easel
from ui.mending import Mending
from ui.touchup import PNG_URL, View
from wording import say

PAINTING = PNG_URL + base64.b64encode(painted((WALL, GREEN))).decode()
NO_FINISH = (0, 0, False, False)


def by_name(outputs: Sequence[Any]) -> dict[str, Any]:
    return dict(zip((field.name for field in fields(View)), outputs, strict=True))


def applied(
    core: Core, mending: Mending, painting: str | None, finish: tuple[Any, ...] = NO_FINISH, header: str = "en"
) -> tuple[list[dict[str, Any]], str | None]:
    """Every update of the page by name, and the sentence of the toast, if there was one."""
    return told_by(touchup.apply(core.service, painting, *finish, mending, asking(header)), by_name)


@pytest.fixture
def mending(local_core: Core) -> Mending:
    return Mending(run(local_core.service).run_id)


def test_opening_shows_what_to_paint_on_and_nothing_to_undo(local_core: Core, mending: Mending) -> None:
    shown = by_name(asyncio.run(touchup.open_easel(local_core.service, mending, asking("ru"))))
    assert "data:image/webp;base64," in shown["editor"]
    assert "Стереть" in shown["editor"]
    assert shown["undo"] == shown["reset"] == gr.update(interactive=False)


def test_while_it_works_the_button_says_so_and_then_everything_shows_the_new_cutout(
    local_core: Core, mending: Mending
) -> None:
    (busy, seen, done), toast = applied(local_core, mending, PAINTING)
    assert toast is None
    assert busy["apply"] == gr.update(value="Mending…", interactive=False)
    assert Path(done["cutout"]["value"]).name == "cutout-1.png"
    assert Path(done["matte"]["value"]).name == "matte-1.png"
    assert [Path(one).name for one in seen["picture"]["value"]] == ["before.webp", "after-1.webp"]
    assert done["undo"] == gr.update(interactive=True)
    assert done["apply"]["interactive"]
    assert seen["mending"].step == 1


def test_until_the_files_are_written_nothing_can_be_fetched_or_undone(local_core: Core, mending: Mending) -> None:
    (_, seen, done), _ = applied(local_core, mending, PAINTING)
    locked = ("cutout", "matte", "apply", "undo", "reset")
    assert not any(seen[name]["interactive"] for name in locked)
    assert all(done[name]["interactive"] for name in locked)


def test_undo_takes_one_step_back_and_reset_all_of_them(local_core: Core, mending: Mending) -> None:
    first = applied(local_core, mending, PAINTING, (2, 0, False, False))[0][1]["mending"]
    second = applied(local_core, first, None, (2, 3, True, False))[0][1]["mending"]
    undone = by_name(asyncio.run(touchup.undo(local_core.service, second, asking())))
    assert (undone["mending"].step, undone["softness"], undone["shift"], undone["holes"]) == (1, 2, 0, False)
    assert Path(undone["cutout"]["value"]).name == "cutout-1.png"
    fresh = by_name(asyncio.run(touchup.reset(local_core.service, second, asking())))
    assert fresh["mending"] == mending
    assert Path(fresh["cutout"]["value"]).name == "cutout.png"
    assert fresh["softness"] == 0


def test_without_paint_and_change_it_says_what_to_do(local_core: Core, mending: Mending) -> None:
    shown, toast = applied(local_core, mending, "")
    assert toast == "Paint over something or move a slider first."
    assert shown[-1]["apply"]["interactive"]


def test_when_the_files_are_gone_it_says_so_in_the_visitors_language(local_core: Core, mending: Mending) -> None:
    shutil.rmtree(local_core.store.root / mending.run_id)
    assert applied(local_core, mending, PAINTING, header="ru")[1] == say("error.touch_up_gone", {}, Language.RU)
    with pytest.raises(gr.Error, match="deleted"):
        asyncio.run(touchup.open_easel(local_core.service, mending, asking()))
    with pytest.raises(gr.Error, match="deleted"):
        asyncio.run(touchup.undo(local_core.service, mending, asking()))


@pytest.mark.parametrize(
    "painting", ["/etc/passwd", "https://example.com/a.png", PNG_URL + "%%%", PNG_URL + "aGVsbG8=", "x" * 9_000_000]
)
def test_a_painting_that_is_none_is_refused_by_a_sentence(local_core: Core, mending: Mending, painting: str) -> None:
    toast = applied(local_core, mending, painting)[1]
    assert toast
    assert "our side" not in toast


def test_no_field_of_the_page_names_a_run() -> None:
    with gr.Blocks():
        pieces = touchup.layout()
    assert isinstance(pieces.mending, gr.State)
    assert not any("run" in str(one.elem_id) for one in pieces.finish)


def test_steps_are_remembered_with_their_finish() -> None:
    soft = TouchUp(softness=1)
    mending = Mending("a").after(1, TouchUp()).after(2, soft)
    assert (mending.step, mending.options) == (2, soft)
    assert mending.back().back().back() == Mending("a") == mending.fresh()


def test_the_two_brushes_are_told_apart_by_sign_word_and_colour() -> None:
    told = easel(b"", Language.EN)
    assert told.count("<path") == 3
    for said in ('data-kind="keep"', 'data-kind="erase"', "Keep", "Erase", 'aria-pressed="true"'):
        assert said in told
