from __future__ import annotations

from typing import Any

import pytest

from domain import Language, Licence
from tests.ui.values import HOSTILE, both, model, state
from ui.card import auto_card, model_card
from ui.markup import Html, join, tag


@pytest.mark.parametrize(
    "said",
    ["clean edges", "keeps logos", "slow", "2.5", "28", "4 MP", "$0.04", "about 25 s", "MIT", "Yandex Market", "ready"],
)
def test_the_card_says_what_a_seller_compares(said: str) -> None:
    assert said in model_card(state(), Language.EN)


def test_the_card_speaks_russian() -> None:
    card = model_card(state(), Language.RU)
    assert "clean edges (ru)" in card
    assert "0,04 $" in card
    assert "Яндекс Маркет" in card


def test_estimates_are_marked_and_figures_that_are_none_are_not() -> None:
    assert "estimate" in model_card(state(), Language.EN)
    assert "estimate" not in model_card(state(estimates=False), Language.EN)


def test_a_model_that_cannot_work_says_what_it_needs() -> None:
    card = model_card(state(available=False, code="state.not_ready"), Language.EN)
    assert "needs a Replicate token" in card
    assert "badge wait" in card


def test_a_licence_that_forbids_selling_is_said_beside_its_name() -> None:
    card = model_card(state(licence=Licence(name="Dev", commercial_use=False)), Language.EN)
    assert "not for commercial use" in card


def test_hostile_text_is_shown_as_text() -> None:
    hostile: dict[str, Any] = {
        "name": HOSTILE,
        "version": HOSTILE,
        "pros": (both(HOSTILE),),
        "cons": (both(HOSTILE),),
        "dataset_notes": both(HOSTILE),
        "licence": Licence(name=HOSTILE, commercial_use=True),
        "spec": model().spec.model_copy(update={"prompt": HOSTILE}),
    }
    assert "<img" not in model_card(state(**hostile), Language.EN)
    assert "<img" not in auto_card(HOSTILE, state(**hostile), Language.RU)


def test_the_auto_card_has_the_policys_words_and_the_chosen_models_card() -> None:
    card = auto_card("Kontext makes it.", state(), Language.EN)
    assert "Kontext makes it." in card
    assert "clean edges" in card


def test_the_auto_card_without_a_model_has_the_policys_words_alone() -> None:
    assert "No model can." in auto_card("No model can.", None, Language.EN)


def test_only_markup_built_by_tag_passes_unescaped() -> None:
    assert tag("p", "<b>", tag("i", "x"), title='"') == '<p title="&quot;">&lt;b&gt;<i>x</i></p>'
    assert join("<", Html("<br>")) == "&lt;<br>"
