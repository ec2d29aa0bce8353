"""What happened: the runner that carries out a plan, and the journal of its attempts."""

from runs.breakers import Breakers, Leave
from runs.calls import Calls, in_turn
from runs.events import (
    AttemptEnded,
    AttemptProgress,
    AttemptStarted,
    DraftReady,
    FallbackChosen,
    RunEnded,
    RunEvent,
    RunFiles,
    RunHandedOver,
    RunResult,
    RunResumed,
    RunStarted,
)
from runs.export_report import export_report, missed_sentence, rule_reports
from runs.exports import Exported, export
from runs.job import Job, Tools
from runs.journal import Journal, Past
from runs.keys import MAX_KEY, KeyUse, key_use
from runs.leases import LEASE, Claim
from runs.ledger import Ledger, Payer
from runs.owners import Owned, Owners
from runs.recovery import MOST_TAKES, interrupt
from runs.report import attempt_report, error_statement, make_report, selection_report, warnings_of
from runs.runner import carry_out
from runs.store import FileStore
from runs.touchup import Change, Mended, show, touch_up, warm_up

__all__ = [
    "LEASE",
    "MAX_KEY",
    "MOST_TAKES",
    "AttemptEnded",
    "AttemptProgress",
    "AttemptStarted",
    "Breakers",
    "Calls",
    "Change",
    "Claim",
    "DraftReady",
    "Exported",
    "FallbackChosen",
    "FileStore",
    "Job",
    "Journal",
    "KeyUse",
    "Leave",
    "Ledger",
    "Mended",
    "Owned",
    "Owners",
    "Past",
    "Payer",
    "RunEnded",
    "RunEvent",
    "RunFiles",
    "RunHandedOver",
    "RunResult",
    "RunResumed",
    "RunStarted",
    "Tools",
    "attempt_report",
    "carry_out",
    "error_statement",
    "export",
    "export_report",
    "in_turn",
    "interrupt",
    "key_use",
    "make_report",
    "missed_sentence",
    "rule_reports",
    "selection_report",
    "show",
    "touch_up",
    "warm_up",
    "warnings_of",
]
