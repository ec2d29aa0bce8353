"""What a run is made of: the tools every run works with, and the job itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from domain import (
    Attempt,
    JournalEntry,
    LocalEngine,
    ModelInfo,
    Outcome,
    Photo,
    PolicyFacts,
    ProviderKind,
    SelectionResult,
)
from errors import DatabaseError, LeaseLost
from gate import Gate
from policy import ModelSelectionPolicy
from providers import Provider
from runs.breakers import Breakers
from runs.entries import ended_entry
from runs.events import RunResult
from runs.journal import Journal, Now
from runs.leases import Claim
from runs.ledger import Ledger
from runs.report import Names
from runs.roster import Roster
from runs.store import FileStore

log = structlog.get_logger("cutout_router")

MOST_UNWRITTEN = 256


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended, to be written down by whoever holds its claim."""

    claim: Claim
    result: RunResult
    names: Names
    entry: JournalEntry


@dataclass(frozen=True, slots=True)
class Tools:
    """`gate` reads what comes from outside; `listeners` hear every journal entry; `clock` counts seconds.

    `unwritten` are the ends, by run, that the database did not take; they are told all the same.
    """

    policy: ModelSelectionPolicy
    providers: Mapping[ProviderKind, Provider]
    journal: Journal
    store: FileStore
    breakers: Breakers
    ledger: Ledger
    gate: Gate
    now: Now
    deadline_s: float
    listeners: Sequence[Callable[[JournalEntry], None]] = ()
    clock: Callable[[], float] = time.monotonic
    roster: Roster = field(default_factory=Roster)
    unwritten: dict[str, End] = field(default_factory=dict)

    def tell(self, entry: JournalEntry, claim: Claim | None = None) -> None:
        """Write the entry down, with the claim of a run at work, then let the listeners hear it."""
        self.journal.record(entry, claim)
        self._say(entry)

    def end(self, claim: Claim, result: RunResult, names: Names) -> None:
        """The run is over: its row, the money that it set aside, and the last line about it."""
        end = End(claim, result, names, ended_entry(result, names))
        self._write(end)
        self._say(end.entry)

    def catch_up(self) -> None:
        """Write down what could not be written when it happened: ends, and what the attempts before them cost.

        Until then these runs stand as running, and whoever took them up would buy once more.
        """
        for end in tuple(self.unwritten.values()):
            try:
                self.journal.leases.renew(end.claim)
                self._note_costs(end)
                if not self._write(end):
                    return
            except DatabaseError:
                return
            except LeaseLost:
                log.warning("run.lease_lost", run_id=end.result.run_id)
            self.unwritten.pop(end.result.run_id, None)

    def result(self, run_id: str) -> RunResult | None:
        """A run as it stands; None when the id is unknown."""
        end = self.unwritten.get(run_id)
        return end.result if end else self.journal.result(run_id)

    def _note_costs(self, end: End) -> None:
        for attempt in end.result.attempts:
            if attempt.cost_usd:
                self._note_cost(end.result.run_id, attempt)
            self.journal.end_attempt(end.claim, attempt)

    def _write(self, end: End) -> bool:
        """False when the database is in trouble, and it is worth while to try again."""
        try:
            self.journal.end_run(end.claim, end.result, end.names, end.entry)
        except DatabaseError as error:
            log.error("database.unwritten", what="end_run", trouble=error.trouble, reason=str(error))  # noqa: TRY400  # the reason says it
            if error.trouble:
                self._keep(end)
                return False
        self.ledger.release(end.result.run_id)
        return True

    def _keep(self, end: End) -> None:
        self.unwritten[end.result.run_id] = end
        while len(self.unwritten) > MOST_UNWRITTEN:
            self.unwritten.pop(next(iter(self.unwritten)), None)

    def _say(self, entry: JournalEntry) -> None:
        for listener in self.listeners:
            listener(entry)

    def pay(self, run_id: str, model: ModelInfo, attempt: Attempt) -> None:
        """What the attempt cost, or that nobody can say."""
        if attempt.cost_usd or not model.is_local:
            self._note_cost(run_id, attempt)

    def _note_cost(self, run_id: str, attempt: Attempt) -> None:
        change = self.ledger.hold if attempt.outcome is Outcome.UNSURE else self.ledger.settle
        change(run_id, attempt.model_id, attempt.cost_usd or 0.0)


@dataclass(frozen=True, slots=True)
class Job:
    """One photo through one plan. `facts` answers with what is known at the moment it is asked.

    Work on the pixels of a `patient` one is done when the processors have nothing else to do.
    """

    run_id: str
    photo: Photo
    selection: SelectionResult
    models: Mapping[str, ModelInfo]
    facts: Callable[[], PolicyFacts]
    patient: bool = False

    @property
    def names(self) -> dict[str, str]:
        return {model_id: model.name for model_id, model in self.models.items()}

    def draft_model(self) -> ModelInfo | None:
        """The embedded engine, unless it is switched off or goes first anyway."""
        if self.facts().local_engine is LocalEngine.NEVER:
            return None
        first = self.models.get(self.selection.model_id or "")
        embedded = (m for m in self.models.values() if m.spec.kind is ProviderKind.EMBEDDED and m.is_active)
        return next((model for model in embedded if model is not first), None)
