"""What a run tells while it goes on; the page, the client API and the tests all read the same events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from domain import Attempt, RunStatus, SelectionResult
from providers import Stage


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The finished files of a run: two previews for the page, and the exports at the photo's full size."""

    before: Path
    after: Path
    cutout: Path
    matte: Path


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `selection` is the policy's first answer, `final` its last one (after fallbacks)."""

    run_id: str
    status: RunStatus
    model_id: str | None
    selection: SelectionResult
    final: SelectionResult
    attempts: tuple[Attempt, ...]
    files: RunFiles | None
    seconds: float
    cost_usd: float


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
    """Comes at least once a second while an attempt goes on; `seconds` counts from its start."""

    run_id: str
    model_id: str
    stage: Stage
    seconds: float
    typical_seconds: float


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
class RunEnded:
    result: RunResult


RunEvent = RunStarted | DraftReady | AttemptStarted | AttemptProgress | AttemptEnded | FallbackChosen | RunEnded
