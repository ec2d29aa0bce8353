"""A refusal costs money and a fallback: everybody who is told of it is told both."""

from __future__ import annotations

import asyncio

import pytest
from PIL import Image

from app import Core
from domain import Language, Outcome, RunStatus
from tests.fakes.behaviours import fail, succeed
from tests.fakes.pictures import png
from tests.fakes.replicate_server import V1, V2, ReplicateServer
from tests.runs.running import events_of, run
from ui.story import Story

BLANK = succeed(png(Image.new("RGB", (1184, 880), "white")))
PAID_EN = "The result of FLUX Kontext LoRA v2 was refused (no product was found; this cost $0.03), so"
PAID_RU = "Результат FLUX Kontext LoRA v2 отклонён (товар не найден; за это заплачено 0,03 $), дальше"


def test_a_refusal_says_what_it_cost_and_who_takes_over(hosted_core: Core, replicate: ReplicateServer) -> None:
    replicate.always(V2, BLANK)
    result = run(hosted_core.service)
    assert result.attempts[0].outcome is Outcome.REFUSED
    english, russian = (hosted_core.service.report(result, language) for language in (Language.EN, Language.RU))
    assert f"{PAID_EN} FLUX Kontext LoRA v1 takes over." in english.explanation
    assert f"{PAID_RU} работает FLUX Kontext LoRA v1." in russian.explanation
    assert (english.attempts[0].explanation or "").endswith(" This cost $0.03.")
    assert (russian.attempts[0].explanation or "").endswith(" За это заплачено 0,03 $.")
    assert english.attempts[1].explanation is None
    assert asyncio.run(hosted_core.service.run_report(result.run_id)) == english


def test_the_journal_says_it_too(hosted_core: Core, replicate: ReplicateServer) -> None:
    replicate.always(V2, BLANK)
    told = hosted_core.journal.entries(run(hosted_core.service).run_id)
    refused = next(entry for entry in told if entry.code == Outcome.REFUSED)
    assert refused.sentence.endswith("This cost $0.03.")
    assert PAID_EN in told[-1].sentence


def test_a_plan_that_ends_with_refusals_says_what_each_of_them_cost(
    hosted_core: Core, replicate: ReplicateServer
) -> None:
    replicate.matte = lambda picture: Image.new("L", picture.size, 0)
    result = run(hosted_core.service)
    told = hosted_core.service.report(result).explanation
    assert result.status is RunStatus.DRAFT
    assert told.count("this cost $0.03") == 2
    assert "BiRefNet did not deliver (no product was found; this cost $0.002), and no other model is left." in told


def test_what_cost_nothing_says_nothing_of_money(hosted_core: Core, replicate: ReplicateServer) -> None:
    replicate.always(V2, fail())
    replicate.always(V1, fail())
    report = hosted_core.service.report(run(hosted_core.service))
    assert "cost" not in report.explanation
    assert "cost" not in (report.attempts[0].explanation or "")


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (Language.EN, "The result of FLUX Kontext LoRA v2 was refused ($0.03); FLUX Kontext LoRA v1 takes over…"),
        (Language.RU, "Результат FLUX Kontext LoRA v2 отклонён (0,03 $), продолжает FLUX Kontext LoRA v1…"),
    ],
)
def test_the_page_tells_a_refusal_and_its_money_while_the_next_model_begins(
    hosted_core: Core, replicate: ReplicateServer, language: Language, line: str
) -> None:
    replicate.always(V2, BLANK)
    names = {model.id: model.name for model in hosted_core.service.models()}
    story, shown = Story(hosted_core.service, language, names), []
    for event in events_of(hosted_core.service):
        story = story.after(event)
        shown.append(story.show(event))
    step = next(one for one in shown if line in str(one.status))
    paid = {Language.EN: PAID_EN, Language.RU: PAID_RU}[language]
    assert paid in step.timeline["value"]
    assert paid in shown[-1].timeline["value"]
