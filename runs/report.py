"""A run as everybody sees it, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from domain import (
    Attempt,
    AttemptReport,
    CandidateReport,
    Fact,
    GateReason,
    Language,
    Outcome,
    Reason,
    RunReport,
    RunStatus,
    SelectionReport,
    SelectionResult,
    Statement,
    Verdict,
    VerdictKind,
)
from policy import fallback_reason
from runs.events import RunResult
from wording import say, say_all

_NOT_WASTED = {Outcome.STARTED, Outcome.SUCCEEDED, Outcome.UNSURE}
GATE_CODES = frozenset(map(str, GateReason))
Names = Mapping[str, str]


def make_report(result: RunResult, names: Names, language: Language = Language.EN) -> RunReport:
    """`names` gives the model's name for its id."""
    return RunReport(
        run_id=result.run_id,
        status=result.status,
        model_id=result.model_id,
        reason=reason_of(result),
        explanation=explanation_of(result, names, language),
        warnings=tuple(say(told.code, told.facts, language) for told in warnings_of(result)),
        fallback_chain=result.selection.fallback_chain,
        candidates=candidates_of(result.selection, language),
        attempts=tuple(attempt_report(attempt, language) for attempt in result.attempts),
        seconds=round(result.seconds, 3),
        cost_usd=round(result.cost_usd, 6),
        policy_version=result.selection.policy_version,
    )


def reason_of(result: RunResult) -> Reason:
    """Why the model that made the picture did; a draft is there because of what went wrong last."""
    if result.status is RunStatus.FAILED:
        return Reason.NONE
    last = result.selections[-1]
    errors = [attempt.error for attempt in result.attempts if attempt.error]
    if result.status is RunStatus.DRAFT and errors:
        return fallback_reason(errors[-1])
    return last.reason


def explanation_of(result: RunResult, names: Names, language: Language) -> str:
    """The policy's words from first choice to last step, and how it ended where that is not plain."""
    said = [*result.selection.explanation, *_steps(result)]
    if result.status in {RunStatus.DRAFT, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.INTERRUPTED}:
        model = names.get(result.model_id or "", result.model_id)
        said.append(Statement(code=f"run.{result.status}", facts={"model": model}))
    return say_all([*said, *_own_fault(result), *warnings_of(result)], language)


def _steps(result: RunResult) -> tuple[Statement, ...]:
    """Every step down the plan, with what the step before had cost."""
    steps = pairwise(result.selections)
    return tuple(said for left, step in steps for said in paid_step(step, left.model_id, result.attempts).explanation)


def paid_step(step: SelectionResult, failed: str | None, attempts: Sequence[Attempt]) -> SelectionResult:
    """A step down the plan, told in the words for "and it cost money" when the model before it did."""
    spent = sum(wasted_usd(attempt) for attempt in attempts if attempt.model_id == failed)
    if spent <= 0:
        return step
    cost: Mapping[str, Fact] = {"reason": "paid", "spent_usd": spent}
    said = tuple(one.model_copy(update={"facts": {**one.facts, **cost}}) for one in step.explanation)
    return step.model_copy(update={"explanation": said})


def wasted_usd(attempt: Attempt) -> float:
    """What was paid without a cutout; what nobody can decide yet is not among it."""
    return 0.0 if attempt.outcome in _NOT_WASTED else attempt.cost_usd or 0.0


def _own_fault(result: RunResult) -> tuple[Statement, ...]:
    """A run that ends without a picture says what its last attempt ran into, and what would help."""
    if result.status is not RunStatus.FAILED or not result.attempts:
        return ()
    return (error_statement(result.attempts[-1]),)


def candidates_of(selection: SelectionResult, language: Language = Language.EN) -> tuple[CandidateReport, ...]:
    return tuple(
        CandidateReport(
            model_id=verdict.model_id,
            verdict=verdict.kind,
            objection=verdict.objection.code if verdict.objection else None,
            explanation=_verdict_sentence(verdict, language),
        )
        for verdict in selection.candidates
    )


def warnings_of(result: RunResult) -> tuple[Statement, ...]:
    """What is to be said beside a cutout, gravest first: a local engine that is unsure, a photo that is hard.

    A draft has remarks of its own: the last attempt's are on a picture that nobody sees. A run at work shows none yet.
    """
    if result.status is RunStatus.RUNNING:
        return ()
    facts = result.attempts[-1].facts if result.status is RunStatus.SUCCEEDED and result.attempts else result.remarks
    weak = (Statement(code="run.weak", facts={"reason": facts["weak"]}),) if facts.get("weak") else ()
    told = str(facts.get("remark") or "").split()
    return (*weak, *(Statement(code=f"remark_on_photo.{code}", facts=facts) for code in told))


def selection_report(selection: SelectionResult, language: Language = Language.EN) -> SelectionReport:
    return SelectionReport(
        model_id=selection.model_id,
        reason=selection.reason,
        explanation=say_all(selection.explanation, language),
        fallback_chain=selection.fallback_chain,
        candidates=candidates_of(selection, language),
        policy_version=selection.policy_version,
    )


def _verdict_sentence(verdict: Verdict, language: Language) -> str:
    if verdict.kind is VerdictKind.PASSED_OVER and verdict.objection:
        return say(f"objection.{verdict.objection.code}", verdict.objection.facts, language)
    return say(f"verdict.{verdict.kind}", {"rank": verdict.rank}, language)


def error_statement(attempt: Attempt) -> Statement:
    """What went wrong in an attempt, as a statement; the gate's reasons have sentences of their own."""
    family = "gate" if attempt.error in GATE_CODES else "error"
    return Statement(code=f"{family}.{attempt.error}", facts=attempt.facts)


def fault_of(attempt: Attempt) -> tuple[Statement, ...]:
    """What went wrong in an attempt, and what it cost all the same; nothing when all went well."""
    if not attempt.error:
        return ()
    usd = wasted_usd(attempt)
    spent = (Statement(code="run.spent", facts={"spent_usd": usd}),) if usd > 0 else ()
    return (error_statement(attempt), *spent)


def attempt_report(attempt: Attempt, language: Language = Language.EN) -> AttemptReport:
    return AttemptReport(
        model_id=attempt.model_id,
        outcome=attempt.outcome,
        error=attempt.error,
        explanation=say_all(fault_of(attempt), language) or None,
        seconds=None if attempt.seconds is None else round(attempt.seconds, 3),
        cost_usd=attempt.cost_usd,
        prediction_id=attempt.prediction_id,
    )
