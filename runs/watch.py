"""Follows one call of a model: its stage, its prediction id, its seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from domain import Attempt, ModelInfo, Outcome
from errors import Unsure
from providers import Come, Fate, Progress, Stage
from runs.attempt import Ending, charged
from runs.events import AttemptProgress
from runs.journal import Journal
from runs.leases import Claim


class Watch:
    """`listen` hears what the provider tells; `write_down` has it in the journal before the provider goes on."""

    def __init__(
        self, claim: Claim, model: ModelInfo, attempt: Attempt, journal: Journal, clock: Callable[[], float]
    ) -> None:
        self._claim = claim
        self._model = model
        self._number = attempt.number
        self._journal = journal
        self._clock = clock
        self._begun = clock()
        self._stage = Stage.SENDING
        self._come: Come | None = None
        self._prediction_id = attempt.prediction_id
        self._fate: Fate | None = None

    def listen(self, progress: Progress) -> None:
        self._stage = progress.stage
        self._come = progress.come
        self._fate = progress.fate or self._fate
        self._prediction_id = progress.prediction_id or self._prediction_id

    async def write_down(self, progress: Progress) -> None:
        """In a thread: a database that is locked holds up this run, and nobody else."""
        if progress.token:
            await asyncio.to_thread(self._journal.note_sending, self._claim, self._number, progress.token)
        if progress.prediction_id and progress.prediction_id != self._prediction_id:
            self._prediction_id = progress.prediction_id  # first: who is stopped while it is written must know it
            await asyncio.to_thread(self._journal.note_prediction, self._claim, self._number, progress.prediction_id)

    def progress(self) -> AttemptProgress:
        return AttemptProgress(
            self._claim.run_id, self._model.id, self._stage, self._seconds(), self._model.typical_seconds, self._come
        )

    def closed(self, ending: Ending) -> Attempt:
        """The attempt with what only the watch knows."""
        known: dict[str, object] = {
            "seconds": self._seconds(),
            "prediction_id": self._prediction_id,
            "cost_usd": charged(ending, self._model, self._prediction_id, self._fate),
        }
        if self._fate is Fate.UNSURE:
            known |= {"outcome": Outcome.UNSURE, "error": Unsure.code}
        return ending.attempt.model_copy(update=known)

    def _seconds(self) -> float:
        return self._clock() - self._begun
