"""Every code has a sentence in every language."""

from __future__ import annotations

import string

import pytest

import errors
from api.problems import KINDS
from domain import (
    Cap,
    Forbidden,
    GateReason,
    IntakeFault,
    Language,
    Marketplace,
    ObjectionCode,
    OwnCheck,
    Reason,
    RuleKind,
    Statement,
    VerdictKind,
)
from errors import (
    BatchError,
    CutoutRouterError,
    ExportError,
    PhotoFault,
    ProviderError,
    StartError,
    TouchUpError,
    Trouble,
)
from policy.ranking import Order
from providers.weights import Missing
from runs import Change
from ui.tools import SENTENCES
from wording import CATALOGUES, language_in, say, say_all

ENGLISH, RUSSIAN = CATALOGUES[Language.EN], CATALOGUES[Language.RU]


def leaves(root: type[CutoutRouterError]) -> set[type[CutoutRouterError]]:
    below = {leaf for child in root.__subclasses__() for leaf in leaves(child)}
    return below or {root}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_the_languages_have_the_same_codes_with_the_same_facts():
    assert set(ENGLISH) == set(RUSSIAN)
    assert {code: fields(said) for code, said in ENGLISH.items()} == {
        code: fields(said) for code, said in RUSSIAN.items()
    }


CODES = [
    *(f"objection.{code}" for code in ObjectionCode),
    *(f"verdict.{kind}" for kind in (VerdictKind.CHOSEN, VerdictKind.IN_RESERVE)),
    *(f"reason.auto_policy.{order}" for order in Order),
    *(f"reason.{reason}" for reason in (Reason.USER_CHOICE, Reason.EXPERIMENT, Reason.FALLBACK_UNAVAILABLE)),
    "reason.none",
    "reason.chain_ended",
    *(f"step.{reason}" for reason in Reason if reason.startswith("fallback_")),
    *(f"error.{leaf.code}" for leaf in leaves(ProviderError)),
    *(f"error.{leaf.code}" for leaf in leaves(TouchUpError)),
    *(f"error.{leaf.code}" for leaf in leaves(ExportError)),
    *(
        f"error.unknown_{kind}"
        for kind in ("model", "marketplace", "goal", "background", "placement", "file_format", "action")
    ),
    *(f"error.{fault}" for fault in PhotoFault),
    *(f"error.{leaf.code}" for leaf in leaves(BatchError)),
    *(f"intake.{fault}" for fault in IntakeFault),
    *(f"{part}.{check}" for part in ("check", "found") for check in (*RuleKind, *OwnCheck)),
    *(f"rule.{check}" for check in (*RuleKind, *OwnCheck) if check is not RuleKind.BACKGROUND),
    *(f"rule.background.{rule}" for rule in ("white", "neutral", "opaque")),
    *(f"forbidden.{one}" for one in Forbidden),
    "rule.unknown",
    "export.exported",
    "marketplace_name.custom",
    *(f"touch_up.{change}" for change in Change),
    *(f"gate.{reason}" for reason in GateReason),
    *(f"error_name.{leaf.code}" for leaf in leaves(ProviderError)),
    *(f"error_name.{reason}" for reason in GateReason),
    *(f"error_name.{code}" for code in (ObjectionCode.RESTING, ObjectionCode.NO_BOOKS)),
    *(f"cap_name.{cap}" for cap in Cap),
    *(f"trouble_name.{trouble}" for trouble in Trouble),
    *(f"marketplace_name.{marketplace}" for marketplace in Marketplace),
    *(f"state.{state}" for state in ("ready", "not_ready", "resting", "no_books")),
    *(f"wrong.{kind}" for kind in KINDS.values()),
    *SENTENCES.values(),
    *(f"{where}.not_ready.{missing}" for where in ("objection", "state") for missing in Missing),
]


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_the_program_has_a_sentence(code: str):
    assert "no words yet" not in say(code)
    assert "ещё нет слов" not in say(code, {}, Language.RU)


def test_the_tree_in_the_docstring_names_every_error():
    everyone = leaves(CutoutRouterError) | leaves(StartError)
    for leaf in everyone:
        assert leaf.__name__ in (errors.__doc__ or "")


def test_the_reason_among_the_facts_picks_the_more_telling_sentence():
    assert say("objection.not_ready", {"reason": "no_token"}) == "It needs a Replicate token, and none is set."
    assert say("objection.not_ready", {"reason": "something else"}) == "It is not ready."


def test_facts_that_are_codes_are_said_in_words():
    told = {"failed": "A", "model": "B", "error": "timed_out"}
    assert say("step.fallback_error", told) == "A did not deliver (it took too long), so B takes over."
    assert "слишком долго" in say("step.fallback_error", told, Language.RU)


def test_an_unknown_code_is_said_plainly_and_a_missing_fact_does_not_fail():
    assert "nonsense" in say("nonsense")
    assert say("remark.unknown_choice") == "There is no model called ?."


def test_statements_are_joined_into_one_text():
    said = say_all([Statement(code="run.failed"), Statement(code="run.cancelled")])
    assert said == "No cutout could be made. Stopped."


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, Language.EN),
        ("", Language.EN),
        ("ru", Language.RU),
        ("RU-ru", Language.RU),
        ("en-GB,en;q=0.9", Language.EN),
        ("uk,ru;q=0.8", Language.RU),
        ("uk,ru;q=0.8,en;q=0.9", Language.EN),
        ("en;q=0.1, ru;q=0.9", Language.RU),
        ("en, ru", Language.EN),
        ("ru, en", Language.RU),
        ("ru;q=0, en;q=0.1", Language.EN),
        ("ru;q=0", Language.EN),
        ("rue", Language.EN),
        ("*", Language.EN),
        ("de,fr", Language.EN),
        (" ru ; q = 0.5 ,, ;;", Language.RU),
        ("ru;q=nonsense", Language.EN),
        ("ru;level=1", Language.EN),
        ("ru;q=nan, en;q=0.1", Language.EN),
    ],
)
def test_the_language_is_the_best_liked_of_those_that_are_spoken(header: str | None, language: Language):
    assert language_in(header) is language
