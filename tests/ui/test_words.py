from __future__ import annotations

import re
import string
from pathlib import Path

import gradio as gr
import pytest

import ui
from domain import BackgroundKind, Confidence, Goal, Language, Level, OutputKind, Passing, Placement, RunStatus
from providers import Stage
from ui import figures
from ui.strings import I18N, TEXTS, label, language_of, words

SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in Path(ui.__file__).parent.glob("*.py"))


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _request(header: str) -> gr.Request:
    request = gr.Request()
    request.kwargs = {"headers": {"accept-language": header}}
    return request


def test_both_languages_have_every_label() -> None:
    english, russian = I18N.translations["en"], I18N.translations["ru"]
    assert set(english) == set(russian) == set(TEXTS)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_of_a_text_take_the_same_facts(key: str) -> None:
    assert _fields(TEXTS[key].en) == _fields(TEXTS[key].ru)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_no_text_is_left_over(key: str) -> None:
    family = key.split("_")[0]
    made = re.search(rf'f"{family}_\{{', SOURCES) or re.search(r'f"\{key\}_hint"', SOURCES)
    assert f'"{key}"' in SOURCES.replace(f'    "{key}": _text', "") or made


@pytest.mark.parametrize(
    "key",
    [
        *(f"status_{status}" for status in RunStatus if status is not RunStatus.RUNNING),
        *(f"status_{stage}" for stage in Stage),
        *(f"goal_{goal}" for goal in Goal),
        *(f"output_{kind}" for kind in OutputKind),
        *(f"background_{kind}" for kind in BackgroundKind),
        *(f"placement_{placement}" for placement in Placement),
        *(f"passing_{verdict}" for verdict in Passing),
        *(f"level_{level}" for level in Level),
        *(f"confidence_{one}" for one in Confidence if one is not Confidence.UNKNOWN),
    ],
)
def test_what_the_program_can_say_has_words(key: str) -> None:
    assert key in TEXTS


def test_a_label_without_words_is_refused_at_once() -> None:
    with pytest.raises(KeyError):
        label("nothing of the kind")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", Language.RU),
        ("en-GB,ru;q=0.9", Language.EN),
        ("de-DE,ru;q=0.5", Language.EN),
        ("", Language.EN),
    ],
)
def test_the_first_language_of_the_browser_decides_as_it_does_for_labels(header: str, language: Language) -> None:
    assert language_of(_request(header)) is language


def test_without_a_request_the_page_speaks_english() -> None:
    assert language_of(None) is Language.EN


@pytest.mark.parametrize(
    ("usd", "english", "russian"),
    [(0, "free", "бесплатно"), (0.04, "$0.04", "0,04 $"), (0.0045, "$0.0045", "0,0045 $"), (1.5, "$1.50", "1,50 $")],
)
def test_prices_are_written_as_the_language_writes_them(usd: float, english: str, russian: str) -> None:
    assert figures.price(usd, Language.EN) == english
    assert figures.price(usd, Language.RU) == russian


@pytest.mark.parametrize(("value", "figure"), [(0.64, "0.6"), (1, "1"), (9.94, "9.9"), (25.4, "25")])
def test_seconds_have_a_decimal_only_below_ten(value: float, figure: str) -> None:
    assert figures.decimal(value, Language.EN) == figure


def test_facts_are_filled_in() -> None:
    assert words("made_by", Language.EN, model="Kontext") == "Made by Kontext"
