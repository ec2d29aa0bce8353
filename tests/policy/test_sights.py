"""What is said of photos that no engine can do much with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import Contour, Language, Sights
from policy import Remark, remarks, still_to_say
from policy.sights import EXPLAINED
from wording import say

GOOD_CONTOUR = Contour(frame=0.05, alike=0.02, flat=0.05, left_out=0.02, fragments=1, band=0.01)
GOOD = Sights(width=800, height=600, least_side=0.0, second=0.1)
NOTHING = replace(GOOD_CONTOUR, alike=0.95, flat=0.95)


def test_a_good_photo_gets_no_word() -> None:
    assert remarks(GOOD_CONTOUR, GOOD) == ()


@pytest.mark.parametrize(
    ("contour", "sights", "told"),
    [
        (NOTHING, GOOD, (Remark.NOTHING,)),
        (GOOD_CONTOUR, replace(GOOD, height=30), (Remark.TINY,)),
        (GOOD_CONTOUR, replace(GOOD, least_side=0.2), (Remark.ALL_SIDES,)),
        (GOOD_CONTOUR, replace(GOOD, second=0.9), (Remark.TWO_OBJECTS,)),
        (
            GOOD_CONTOUR,
            Sights(width=60, height=30, least_side=0.2, second=0.9),
            (Remark.TINY, Remark.ALL_SIDES, Remark.TWO_OBJECTS),
        ),
        (NOTHING, Sights(width=60, height=30, least_side=0.2, second=0.9), (Remark.NOTHING, Remark.TINY)),
    ],
)
def test_each_trouble_has_its_word_and_all_that_hold_are_told_the_gravest_first(
    contour: Contour, sights: Sights, told: tuple[Remark, ...]
) -> None:
    assert remarks(contour, sights) == told


def test_edges_that_only_resemble_their_ground_are_not_nothing() -> None:
    assert remarks(replace(GOOD_CONTOUR, alike=0.95), GOOD) == ()


def test_every_remark_says_which_weaknesses_it_explains() -> None:
    assert set(EXPLAINED) == set(Remark)


def test_a_weakness_is_left_out_only_where_a_remark_explains_it() -> None:
    assert still_to_say("frame", [Remark.ALL_SIDES]) is None
    assert still_to_say("alike", [Remark.NOTHING, Remark.TINY]) is None
    assert still_to_say("alike", [Remark.TINY, Remark.ALL_SIDES]) == "alike"
    assert still_to_say("frame", []) == "frame"
    assert still_to_say(None, [Remark.NOTHING]) is None


@pytest.mark.parametrize(
    ("language", "help_word"), [(Language.EN, ("would help", "crop")), (Language.RU, ("оможет", "обрежьте"))]
)
@pytest.mark.parametrize("code", Remark)
def test_every_word_says_what_would_help(code: Remark, language: Language, help_word: tuple[str, ...]) -> None:
    sentence = say(f"remark_on_photo.{code}", {"width": 40, "height": 30}, language)
    assert any(word in sentence for word in help_word)
