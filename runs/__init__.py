"""What happened: the runner that carries out a plan, and the journal of its attempts."""

from runs.events import (
    AttemptEnded,
    AttemptProgress,
    AttemptStarted,
    DraftReady,
    FallbackChosen,
    RunEnded,
    RunEvent,
    RunFiles,
    RunResult,
    RunStarted,
)
from runs.health import HealthBoard
from runs.job import Job, Tools
from runs.journal import Journal
from runs.report import attempt_report, make_report, selection_report
from runs.runner import carry_out
from runs.store import FileStore

__all__ = [
    "AttemptEnded",
    "AttemptProgress",
    "AttemptStarted",
    "DraftReady",
    "FallbackChosen",
    "FileStore",
    "HealthBoard",
    "Job",
    "Journal",
    "RunEnded",
    "RunEvent",
    "RunFiles",
    "RunResult",
    "RunStarted",
    "Tools",
    "attempt_report",
    "carry_out",
    "make_report",
    "selection_report",
]
