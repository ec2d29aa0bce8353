"""The journal's words: a run, its attempts, and the report that everybody sees."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from domain.base import Fact, ModelId, Value
from domain.selection import ObjectionCode, Reason, VerdictKind


class RunStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    DRAFT = "draft"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Outcome(StrEnum):
    """How an attempt ended; STARTED means that it has not."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    UNSURE = "unsure"
    CANCELLED = "cancelled"


class Attempt(Value):
    """One call of one model inside a run; `error` is the code of what went wrong."""

    number: int
    model_id: ModelId
    outcome: Outcome = Outcome.STARTED
    error: str | None = None
    facts: Mapping[str, Fact] = Field(default_factory=dict)
    seconds: float | None = None
    cost_usd: float | None = None
    prediction_id: str | None = None


class CandidateReport(Value):
    model_id: str
    verdict: VerdictKind
    objection: ObjectionCode | None
    explanation: str


class AttemptReport(Value):
    """`error` is a code and `explanation` its sentence; seconds and cost are None while the attempt goes on."""

    model_id: str
    outcome: Outcome
    error: str | None
    explanation: str | None
    seconds: float | None
    cost_usd: float | None
    prediction_id: str | None


class SelectionReport(Value):
    """A selection as everybody reads it."""

    model_id: str | None
    reason: Reason
    explanation: str
    fallback_chain: tuple[str, ...]
    candidates: tuple[CandidateReport, ...]
    policy_version: str


class RunReport(SelectionReport):
    """One run as everybody sees it: the journal, REST, the client API and the page's details.

    `warnings` are sentences of the explanation that belong beside the cutout: what is wrong, and what would help.
    """

    run_id: str
    status: RunStatus
    warnings: tuple[str, ...] = ()
    attempts: tuple[AttemptReport, ...]
    seconds: float
    cost_usd: float


class EventKind(StrEnum):
    SELECTION = "selection"
    ATTEMPT_STARTED = "attempt_started"
    ATTEMPT_ENDED = "attempt_ended"
    FALLBACK = "fallback"
    OUTCOME = "outcome"
    RESUMED = "resumed"
    HANDED_OVER = "handed_over"
    TOUCH_UP = "touch_up"
    EXPORT = "export"


class JournalEntry(Value):
    """One thing that happened in a run: a row of the journal and a line of the log."""

    run_id: str
    event: EventKind
    model_id: str | None
    code: str
    facts: Mapping[str, Fact] = Field(default_factory=dict)
    seconds: float | None = None
    cost_usd: float | None = None
    error_class: str | None = None
    sentence: str
