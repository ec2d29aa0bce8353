"""Events as journal entries: a code, its facts, and the English sentence."""

from __future__ import annotations

from collections.abc import Mapping

from domain import EventKind, Fact, JournalEntry, Language, Outcome, RunStatus, SelectionResult
from runs.events import (
    AttemptEnded,
    AttemptStarted,
    FallbackChosen,
    RunEvent,
    RunHandedOver,
    RunResult,
    RunResumed,
    RunStarted,
)
from runs.report import Names, explanation_of, fault_of, reason_of
from wording import say, say_all


def entry_of(event: RunEvent, names: Names) -> JournalEntry | None:
    """The entry for an event; None for those that only move a progress bar."""
    match event:
        case RunStarted(run_id, selection):
            return _selection(run_id, EventKind.SELECTION, selection)
        case AttemptStarted():
            return _attempt_started(event, names)
        case AttemptEnded():
            return _attempt_ended(event, names)
        case FallbackChosen(run_id, failed, selection):
            return _selection(run_id, EventKind.FALLBACK, selection, failed=failed)
        case RunResumed(run_id):
            return _note(run_id, EventKind.RESUMED)
        case RunHandedOver(run_id):
            return _note(run_id, EventKind.HANDED_OVER)
        case _:
            return None


def _selection(run_id: str, kind: EventKind, selection: SelectionResult, **facts: Fact) -> JournalEntry:
    told: Mapping[str, Fact] = {**facts, "plan": " → ".join(selection.plan)}
    return JournalEntry(
        run_id=run_id,
        event=kind,
        model_id=selection.model_id,
        code=selection.reason,
        facts=told,
        sentence=say_all(selection.explanation),
    )


def _note(run_id: str, kind: EventKind) -> JournalEntry:
    return JournalEntry(run_id=run_id, event=kind, model_id=None, code=kind, sentence=say(f"run.{kind}"))


def _attempt_started(event: AttemptStarted, names: Names) -> JournalEntry:
    attempt = event.attempt
    return JournalEntry(
        run_id=event.run_id,
        event=EventKind.ATTEMPT_STARTED,
        model_id=attempt.model_id,
        code=attempt.outcome,
        facts={"number": attempt.number},
        sentence=say("run.attempt_started", {"model": names.get(attempt.model_id)}),
    )


def _attempt_ended(event: AttemptEnded, names: Names) -> JournalEntry:
    attempt = event.attempt
    delivered = {"model": names.get(attempt.model_id), "seconds": attempt.seconds or 0.0}
    succeeded = attempt.outcome is Outcome.SUCCEEDED
    return JournalEntry(
        run_id=event.run_id,
        event=EventKind.ATTEMPT_ENDED,
        model_id=attempt.model_id,
        code=attempt.outcome,
        facts={**attempt.facts, "number": attempt.number, "prediction_id": attempt.prediction_id},
        seconds=attempt.seconds,
        cost_usd=attempt.cost_usd,
        error_class=attempt.error,
        sentence=say("run.attempt_succeeded", delivered) if succeeded else say_all(fault_of(attempt)),
    )


def ended_entry(result: RunResult, names: Names) -> JournalEntry:
    """The last line about a run."""
    failed = result.status is RunStatus.FAILED and bool(result.attempts)
    return JournalEntry(
        run_id=result.run_id,
        event=EventKind.OUTCOME,
        model_id=result.model_id,
        code=result.status,
        facts={"reason": reason_of(result), "attempts": len(result.attempts)},
        seconds=result.seconds,
        cost_usd=result.cost_usd,
        error_class=result.attempts[-1].error if failed else None,
        sentence=explanation_of(result, names, Language.EN),
    )
