from __future__ import annotations

from domain import Language, Outcome, VerdictKind
from tests.ui.values import HOSTILE, attempt, candidate
from ui.timeline import timeline

NAMES = {"kontext": "Kontext", "birefnet": "BiRefNet"}


def test_the_timeline_tells_every_attempt_in_order_with_what_went_wrong() -> None:
    failed = attempt(outcome=Outcome.FAILED, error="server_fault", explanation="A fault of theirs.", cost_usd=0)
    told = timeline("Why.", [candidate()], [failed, attempt(model_id="birefnet")], NAMES, Language.EN)
    assert told.index("A fault of theirs.") < told.index("made the cutout")
    assert "12 s · $0.04" in told


def test_a_failure_that_cost_nothing_is_not_called_free() -> None:
    failed = attempt(outcome=Outcome.FAILED, error="server_fault", explanation="x", cost_usd=0)
    told = timeline("Why.", [], [failed], NAMES, Language.EN)
    assert "not charged" in told
    assert "free" not in told


def test_a_local_success_is_free() -> None:
    assert "free" in timeline("Why.", [], [attempt(cost_usd=0)], NAMES, Language.EN)


def test_the_chosen_comes_first_and_the_passed_over_last_with_their_reason() -> None:
    passed = candidate(model_id="x", verdict=VerdictKind.PASSED_OVER, explanation="Needs a token.")
    reserve = candidate(model_id="birefnet", verdict=VerdictKind.IN_RESERVE, explanation="Number 1.")
    told = timeline("Why.", [passed, reserve, candidate()], [], NAMES, Language.EN)
    assert told.index("Kontext") < told.index("BiRefNet") < told.index("Needs a token.")


def test_every_outcome_and_verdict_has_words_in_both_languages() -> None:
    for language in Language:
        attempts = [attempt(outcome=outcome) for outcome in Outcome]
        candidates = [candidate(verdict=verdict) for verdict in VerdictKind]
        assert timeline("Why.", candidates, attempts, NAMES, language)


def test_hostile_text_is_shown_as_text() -> None:
    told = timeline(
        HOSTILE,
        [candidate(explanation=HOSTILE, verdict=VerdictKind.PASSED_OVER, model_id=HOSTILE)],
        [attempt(explanation=HOSTILE, error="x", model_id="other")],
        {"other": HOSTILE},
        Language.EN,
    )
    assert "<img" not in told
