"""What a run is made of: the tools every run works with, and the job itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Tools:
    """`gate` reads what comes from outside; `listeners` hear every journal entry; `clock` counts seconds."""

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

    def tell(self, entry: JournalEntry, claim: Claim | None = None) -> None:
        """Write the entry down, with the claim of a run at work, then let the listeners hear it."""
        self.journal.record(entry, claim)
        self._say(entry)

    def end(self, claim: Claim, result: RunResult, names: Names) -> None:
        """The run is over: its row, the money that it set aside, and the last line about it."""
        entry = ended_entry(result, names)
        self.journal.end_run(claim, result, names, entry)
        self.ledger.release(result.run_id)
        self._say(entry)

    def _say(self, entry: JournalEntry) -> None:
        for listener in self.listeners:
            listener(entry)

    def pay(self, run_id: str, model: ModelInfo, attempt: Attempt) -> None:
        """What the attempt cost, or that nobody can say."""
        cost_usd = attempt.cost_usd or 0.0
        if model.is_local and not cost_usd:
            return
        change = self.ledger.hold if attempt.outcome is Outcome.UNSURE else self.ledger.settle
        change(run_id, model.id, cost_usd)


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
