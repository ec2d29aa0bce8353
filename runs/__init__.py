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
from runs.export_report import export_report, rule_reports
from runs.exports import Exported, export
from runs.health import HealthBoard
from runs.job import Job, Tools
from runs.journal import Journal
from runs.report import attempt_report, make_report, selection_report
from runs.runner import carry_out
from runs.store import FileStore
from runs.touchup import Change, Mended, show, touch_up

__all__ = [
    "AttemptEnded",
    "AttemptProgress",
    "AttemptStarted",
    "Change",
    "DraftReady",
    "Exported",
    "FallbackChosen",
    "FileStore",
    "HealthBoard",
    "Job",
    "Journal",
    "Mended",
    "RunEnded",
    "RunEvent",
    "RunFiles",
    "RunResult",
    "RunStarted",
    "Tools",
    "attempt_report",
    "carry_out",
    "export",
    "export_report",
    "make_report",
    "rule_reports",
    "selection_report",
    "show",
    "touch_up",
]
