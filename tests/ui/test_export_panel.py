"""The page's panel for marketplaces: handlers, what they show, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from app import Core
from domain import CheckReport, Confidence, Language, Level, Passing, RuleKind
from settings import Settings
from tests.cores import core_of
from tests.photos import jpeg, product_photo
from tests.runs.running import run
from tests.ui.updates import asking, told_by
from tests.ui.values import HOSTILE
from ui import export_panel
from ui.choices import ANYWHERE
from ui.compliance import rules_table
from ui.export_form import hex_of
from ui.export_panel import View
from ui.mending import Mending
from wording import say

USUAL = {
    "marketplace": "wildberries",
    "background": "white",
    "colour": "#FFFFFF",
    "second": "#FFFFFF",
    "picture": None,
    "generated": False,
    "placement": "centre",
    "shadow": False,
    "width": 1600,
    "height": 1600,
    "fill": 0,
    "file_format": "auto",
    "enlarge": False,
}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    core = core_of(Settings(data_dir=tmp_path_factory.mktemp("panel")))
    yield core
    core.database.close()


@pytest.fixture(scope="module")
def mending(core: Core) -> Mending:
    return Mending(run(core.service).run_id)


def by_name(outputs: Sequence[Any]) -> dict[str, Any]:
    return dict(zip((field.name for field in fields(View)), outputs, strict=True))


def made(core: Core, mending: Mending, header: str = "en", **given: Any) -> tuple[list[dict[str, Any]], str | None]:
    """Every update of the page by name, and the sentence of the toast, if there was one."""
    return told_by(export_panel.make(core.service, *{**USUAL, **given}.values(), mending, asking(header)), by_name)


def test_while_it_works_the_button_says_so_and_then_the_file_can_be_fetched(core: Core, mending: Mending) -> None:
    (busy, done), toast = made(core, mending)
    assert toast is None
    assert busy["make"] == gr.update(value="Making…", interactive=False)
    assert done["make"]["interactive"]
    assert Path(done["download"]["value"]).name == "wildberries-700x934.jpg"
    assert done["download"]["visible"]


def test_the_table_has_the_picture_verdicts_sources_and_dates(core: Core, mending: Mending) -> None:
    told = made(core, mending, marketplace="amazon")[0][-1]["told"]
    for said in (
        "data:image/webp;base64,",
        "Not met",
        "Met",
        "Unknown",
        "third party [1]",
        "cherryshot.ai",
        "seen 2026-11",
    ):
        assert said in told
    assert told.index("Not met") < told.index(">Met<")
    assert "too few pixels" in told


def test_what_was_done_to_the_product_is_said(core: Core, mending: Mending) -> None:
    enlarged = made(core, mending, marketplace="amazon", enlarge=True)[0][-1]["told"]
    shaded = made(core, mending, marketplace="megamarket", shadow=True)[0][-1]["told"]
    assert "was enlarged" in enlarged
    assert "shadow is not pure white" in shaded


def test_width_and_height_count_only_for_a_size_of_ones_own(core: Core, mending: Mending) -> None:
    own = made(core, mending, marketplace="custom", width=300, height=200)[0][-1]
    assert Path(own["download"]["value"]).name == "custom-300x200.jpg"


def test_the_share_of_the_picture_is_in_percent(core: Core, mending: Mending) -> None:
    told = made(core, mending, marketplace="custom", width=400, height=400, fill=30)[0][-1]["told"]
    report = json.loads(unescape(told.partition("<pre>")[2].partition("</pre>")[0]))
    assert report["file"]["fill"] == pytest.approx(0.3, abs=0.02)
    assert report["options"]["fill"] == 0.3


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"marketplace": "custom", "width": 3, "height": 3}, "This is not possible."),
        ({"fill": 900}, "This is not possible."),
        ({"marketplace": "mars"}, "This is not possible."),
        ({"background": "colour", "colour": "javascript:"}, "This is not possible."),
        ({"background": "picture"}, "Please choose a picture"),
        ({"background": "picture", "picture": __file__}, "This file is not a picture"),
    ],
)
def test_what_cannot_be_is_answered_by_a_sentence(core: Core, mending: Mending, given: Any, sentence: str) -> None:
    shown, toast = made(core, mending, **given)
    assert toast
    assert toast.startswith(sentence)
    assert shown[-1]["make"]["interactive"]


def test_without_a_run_it_says_that_the_files_are_gone_in_the_visitors_language(core: Core) -> None:
    assert made(core, Mending(), header="ru")[1] == say("error.touch_up_gone", {}, Language.RU)


def test_a_picture_of_the_sellers_is_taken(core: Core, mending: Mending, tmp_path: Path) -> None:
    wall = tmp_path / "wall.jpg"
    wall.write_bytes(jpeg(product_photo(64, 64)))
    shown, toast = made(core, mending, background="picture", picture=str(wall), generated=True)
    assert toast is None
    assert "0 % pure white" in shown[-1]["told"]


def test_another_cutout_takes_the_old_file_away_and_shows_the_rules(core: Core, mending: Mending) -> None:
    shown = by_name(export_panel.another_cutout(core.service, "ozon", mending, asking("ru")))
    assert shown["section"] == gr.update(visible=True)
    assert shown["download"] == gr.update(value=None, visible=False)
    assert "Что требует Ozon" in shown["told"]
    assert ("Мегамаркет", "megamarket") in shown["marketplace"]["choices"]
    hidden = by_name(export_panel.another_cutout(core.service, "ozon", Mending(), asking()))
    assert hidden["section"] == gr.update(visible=False)


def test_another_marketplace_shows_its_rules_and_sizes_only_for_ones_own(core: Core) -> None:
    amazon = by_name(export_panel.another_marketplace(core.service, "amazon", asking()))
    assert "What Amazon (main image) asks" in amazon["told"]
    assert not amazon["size"]["visible"]
    own = by_name(export_panel.another_marketplace(core.service, "custom", asking()))
    assert own["size"]["visible"]
    assert "no rules apply" in own["told"]


def test_the_marketplace_of_the_form_is_taken_over() -> None:
    assert export_panel.follow_form("ebay") == "ebay"
    assert export_panel.follow_form(ANYWHERE) == gr.skip()


@pytest.mark.parametrize(
    ("kind", "visible"),
    [
        ("white", [False, False, False, False]),
        ("colour", [True, False, False, False]),
        ("gradient", [True, True, False, False]),
        ("picture", [False, False, True, True]),
    ],
)
def test_a_background_shows_only_what_it_needs(kind: str, visible: list[bool]) -> None:
    assert [one["visible"] for one in export_panel.another_background(kind)] == visible


def test_no_field_of_the_panel_names_a_run(core: Core) -> None:
    with gr.Blocks():
        pieces = export_panel.layout(core.service)
    assert len(pieces.options) == len(USUAL)
    assert not any("run" in str(one.elem_id) for one in pieces.options)


@pytest.mark.parametrize(
    ("given", "colour"),
    [
        ("#0a0B0c", "#0a0B0c"),
        ("rgba(1, 128.4, 255, 1)", "#0180FF"),
        ("rgb(999,0,0)", "#FF0000"),
        ("red", "red"),
    ],
)
def test_colours_of_the_picker_become_hexadecimal(given: str, colour: str) -> None:
    assert hex_of(given) == colour


def test_what_a_rule_quotes_cannot_become_markup() -> None:
    hostile = CheckReport(
        check=RuleKind.ASPECT,
        title=HOSTILE,
        verdict=Passing.PASS,
        level=Level.REQUIRED,
        wanted=HOSTILE,
        wanted_value="1:1",
        found=HOSTILE,
        found_facts={},
        confidence=Confidence.OFFICIAL,
        source=HOSTILE,
        url="https://example.com/\"onmouseover='f()'",
        seen="2026-11",
        dated="2023-09",
        applies_from=date(2027, 1, 31),
        note=HOSTILE,
    )
    told = rules_table("ozon", (hostile,), HOSTILE, Language.EN)
    assert "<img" not in told
    assert 'href="https://example.com/&quot;' in told
    assert "in force from 2027-01-31" in told
    assert "page of 2023-09" in told
