"""What happened: the runner that carries out a plan, and the journal of its attempts."""

from runs.breakers import Breakers, Leave
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
from runs.job import Job, Tools
from runs.journal import Journal
from runs.ledger import Ledger, Payer
from runs.report import attempt_report, make_report, selection_report
from runs.runner import carry_out
from runs.store import FileStore
from runs.touchup import Change, Mended, show, touch_up, warm_up

__all__ = [
    "AttemptEnded",
    "AttemptProgress",
    "AttemptStarted",
    "Breakers",
    "Change",
    "DraftReady",
    "FallbackChosen",
    "FileStore",
    "Job",
    "Journal",
    "Leave",
    "Ledger",
    "Mended",
    "Payer",
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
    "show",
    "touch_up",
    "warm_up",
]
