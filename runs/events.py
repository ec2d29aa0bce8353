"""What a run tells while it goes on; the page, the client API and the tests all read the same events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain import Attempt, Fact, RunStatus, SelectionResult
from providers import Come, Stage


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The finished files of a run: two previews for the page, and the exports at the photo's full size."""

    before: Path
    after: Path
    cutout: Path
    matte: Path


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """A finished file for a marketplace, and a light preview of it (a WebP). `number` counts within the run."""

    number: int
    file: Path
    preview: bytes


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `selections` holds the policy's first answer and then one more for every fallback; `remarks` are
    facts about a draft, as an attempt's are about its cutout.
    """

    run_id: str
    status: RunStatus
    model_id: str | None
    selections: tuple[SelectionResult, ...]
    attempts: tuple[Attempt, ...]
    files: RunFiles | None
    seconds: float
    remarks: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def selection(self) -> SelectionResult:
        return self.selections[0]

    @property
    def cost_usd(self) -> float:
        return sum(attempt.cost_usd or 0.0 for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class RunStarted:
    run_id: str
    selection: SelectionResult


@dataclass(frozen=True, slots=True)
class DraftReady:
    run_id: str
    files: RunFiles


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    run_id: str
    attempt: Attempt
    typical_seconds: float


@dataclass(frozen=True, slots=True)
class AttemptProgress:
    """Comes at least once a second while an attempt goes on; `seconds` counts from its start.

    `come` is how much of the weights is there while they are fetched, when that is known.
    """

    run_id: str
    model_id: str
    stage: Stage
    seconds: float
    typical_seconds: float
    come: Come | None = None


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    run_id: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class FallbackChosen:
    """The policy's next step after a failed attempt; `selection.model_id` is None when nothing is left."""

    run_id: str
    failed_model_id: str
    selection: SelectionResult


@dataclass(frozen=True, slots=True)
class RunResumed:
    """Another process left the run, and this one goes on with it."""

    run_id: str


@dataclass(frozen=True, slots=True)
class RunHandedOver:
    """The program is being stopped; its next start finishes the run."""

    run_id: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    result: RunResult


RunEvent = (
    RunStarted
    | RunResumed
    | RunHandedOver
    | DraftReady
    | AttemptStarted
    | AttemptProgress
    | AttemptEnded
    | FallbackChosen
    | RunEnded
)
