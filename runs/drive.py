"""One run, carried out: draft, attempts in the order of the plan, gate, fallbacks, outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from domain import Attempt, Cutout, ModelInfo, ObjectionCode, Outcome, RunStatus, SelectionResult
from errors import ContentRefused, DatabaseError, EngineFault, ProviderError
from policy import attempt_deadline
from runs.attempt import Call, Ending, call_model
from runs.breakers import Leave
from runs.entries import entry_of
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
from runs.watch import Watch

log = structlog.get_logger("cutout_router")

Emit = Callable[[RunEvent], None]
LEASE_SLACK_S = 30  # after the deadline, for the attempt to be closed


@dataclass(frozen=True, slots=True)
class Draft:
    files: RunFiles
    cutout: Cutout


class Drive:
    """Carries out one job and tells `emit` what happens; cancelling `run` ends the job as cancelled."""

    def __init__(self, tools: Tools, job: Job, emit: Emit) -> None:
        self._tools = tools
        self._job = job
        self._emit = emit
        self._selections: list[SelectionResult] = [job.selection]
        self._attempts: list[Attempt] = []
        self._started = tools.clock()
        self._watch: Watch | None = None
        self._draft: asyncio.Task[Draft | None] | None = None
        self._photo_kept: asyncio.Task[None] | None = None

    async def run(self) -> RunResult:
        job, tools = self._job, self._tools
        running = self._result(RunStatus.RUNNING)
        await asyncio.to_thread(tools.journal.start_run, running, job.facts(), job.photo.sha256, job.names)
        await self._tell(RunStarted(job.run_id, job.selection))
        self._photo_kept = asyncio.create_task(asyncio.to_thread(tools.store.keep_photo, job.run_id, job.photo))
        draft = self._draft = asyncio.create_task(self._make_draft())
        try:
            return await self._end(await self._deliver(draft))
        except asyncio.CancelledError:
            await asyncio.shield(self._end(self._result(RunStatus.CANCELLED)))
            raise
        except Exception:
            await self._end(self._result(RunStatus.FAILED))
            raise
        finally:
            draft.cancel()

    def progress(self) -> AttemptProgress | None:
        """What is happening right now; None between attempts."""
        return self._watch.progress() if self._watch else None

    async def _deliver(self, draft: asyncio.Task[Draft | None]) -> RunResult:
        """The first cutout that passes the gate, else the draft, else nothing."""
        selection = self._job.selection
        while selection.model_id is not None:
            model = self._job.models[selection.model_id]
            leave = await asyncio.to_thread(self._tools.breakers.admit, model, self._tools.deadline_s + LEASE_SLACK_S)
            ending = await self._attempt(model, selection, leave) if leave else None
            if ending is None:
                why = ObjectionCode.NO_BOOKS if leave else ObjectionCode.RESTING
                selection = await self._step_over(model, selection, why)
                continue
            if ending.cutout:
                return self._result(RunStatus.SUCCEEDED, model, await self._save(ending.cutout))
            selection = await self._fall_back(model, ending, selection)
        drafted = await draft
        if drafted is None:
            return self._result(RunStatus.FAILED)
        return self._result(RunStatus.DRAFT, self._job.draft_model(), drafted.files)

    async def _save(self, cutout: Cutout, *, draft: bool = False) -> RunFiles:
        """The exports; the photo was being written while the model worked."""
        if self._photo_kept:
            await asyncio.shield(self._photo_kept)
        return await asyncio.to_thread(self._tools.store.save, self._job.run_id, cutout, draft=draft)

    async def _attempt(self, model: ModelInfo, selection: SelectionResult, leave: Leave) -> Ending | None:
        """The breakers hear of the ending, whatever it is; None when nothing was sent, as it could not be entered."""
        begun, breakers = self._tools.clock(), self._tools.breakers
        try:
            ending = await self._called(model, selection)
        except DatabaseError:
            await asyncio.to_thread(breakers.give_back, leave)
            return None
        except BaseException:
            await asyncio.shield(asyncio.to_thread(breakers.give_back, leave))
            raise
        await asyncio.to_thread(breakers.settle, leave, ending.error, self._tools.clock() - begun)
        return ending

    async def _enter(self, model: ModelInfo, attempt: Attempt) -> None:
        """Nothing is paid for without its row; local engines cost nothing and work without."""
        try:
            await asyncio.to_thread(self._tools.journal.start_attempt, self._job.run_id, attempt)
        except DatabaseError:
            if not model.is_local:
                raise

    async def _called(self, model: ModelInfo, selection: SelectionResult) -> Ending:
        job, tools = self._job, self._tools
        attempt = Attempt(number=len(self._attempts) + 1, model_id=model.id)
        await self._enter(model, attempt)
        await self._tell(AttemptStarted(job.run_id, attempt, model.typical_seconds))
        watch = self._watch = Watch(job.run_id, model, attempt.number, tools.journal, tools.clock)
        try:
            ending = await call_model(self._call(model, selection, attempt, watch))
        except asyncio.CancelledError:
            stopped = attempt.model_copy(update={"outcome": Outcome.CANCELLED, "error": "cancelled"})
            await asyncio.shield(self._close(watch.closed(Ending(stopped))))
            raise
        await self._close(watch.closed(ending))
        if ending.error:
            _log_fault(job.run_id, model.id, ending.error)
        return ending

    def _call(self, model: ModelInfo, selection: SelectionResult, attempt: Attempt, watch: Watch) -> Call:
        provider, deadline_s = self._tools.providers[model.spec.kind], self._time_for(selection)
        return Call(provider, model, self._job.photo, deadline_s, attempt, watch.listen, self._drafted)

    async def _drafted(self) -> Cutout | None:
        """The draft's cutout, for the gate to compare with."""
        draft = await asyncio.shield(self._draft) if self._draft else None
        return draft.cutout if draft else None

    async def _close(self, attempt: Attempt) -> None:
        self._watch = None
        self._attempts.append(attempt)
        await asyncio.to_thread(self._tools.journal.end_attempt, self._job.run_id, attempt)
        await asyncio.to_thread(self._pay, attempt)
        await self._tell(AttemptEnded(self._job.run_id, attempt))

    def _pay(self, attempt: Attempt) -> None:
        """What the attempt cost, or that nobody can say."""
        cost_usd = attempt.cost_usd or 0.0
        if self._job.models[attempt.model_id].is_local and not cost_usd:
            return
        change = self._tools.ledger.hold if attempt.facts.get("unsure") is True else self._tools.ledger.settle
        change(self._job.run_id, attempt.model_id, cost_usd)

    def _time_for(self, selection: SelectionResult) -> float:
        left = self._tools.deadline_s - (self._tools.clock() - self._started)
        later = [self._job.models[model_id].typical_seconds for model_id in selection.fallback_chain]
        return attempt_deadline(left, later)

    async def _fall_back(self, failed: ModelInfo, ending: Ending, selection: SelectionResult) -> SelectionResult:
        """The next selection; after a content refusal, models behind the same endpoint are not paid to say it again."""
        job, code = self._job, ending.attempt.error or ""
        models = list(job.models.values())
        step = self._tools.policy.get_fallback_model(failed.id, code, selection, models, job.facts())
        while isinstance(ending.error, ContentRefused) and step.model_id and self._same_endpoint(step.model_id, failed):
            step = self._tools.policy.get_fallback_model(step.model_id, code, step, models, job.facts())
        self._selections.append(step)
        await self._tell(FallbackChosen(job.run_id, failed.id, step))
        return step

    async def _step_over(self, model: ModelInfo, selection: SelectionResult, why: ObjectionCode) -> SelectionResult:
        """The next model when this one rests since it was chosen, another run has its trial, or the books are shut."""
        job = self._job
        models, facts = list(job.models.values()), await asyncio.to_thread(job.facts)
        step = self._tools.policy.get_fallback_model(model.id, why, selection, models, facts)
        self._selections.append(step)
        await self._tell(FallbackChosen(job.run_id, model.id, step))
        return step

    def _same_endpoint(self, model_id: str, failed: ModelInfo) -> bool:
        return self._job.models[model_id].endpoint == failed.endpoint

    async def _make_draft(self) -> Draft | None:
        """The embedded engine's cutout, shown while a hosted model works; no attempt, and no error, of the run."""
        job, tools = self._job, self._tools
        model = job.draft_model()
        if model is None:
            return None
        blank = Attempt(number=0, model_id=model.id)
        ending = await call_model(Call(tools.providers[model.spec.kind], model, job.photo, tools.deadline_s, blank))
        if ending.cutout is None:
            return None
        files = await self._save(ending.cutout, draft=True)
        self._emit(DraftReady(job.run_id, files))
        return Draft(files, ending.cutout)

    async def _end(self, result: RunResult) -> RunResult:
        await asyncio.to_thread(self._tools.journal.end_run, result, self._job.names)
        await asyncio.to_thread(self._tools.ledger.release, self._job.run_id)
        await self._tell(RunEnded(result))
        return result

    def _result(self, status: RunStatus, model: ModelInfo | None = None, files: RunFiles | None = None) -> RunResult:
        return RunResult(
            run_id=self._job.run_id,
            status=status,
            model_id=model.id if model else None,
            selections=tuple(self._selections),
            attempts=tuple(self._attempts),
            files=files,
            seconds=self._tools.clock() - self._started,
        )

    async def _tell(self, event: RunEvent) -> None:
        entry = entry_of(event, self._job.names)
        if entry:
            await asyncio.to_thread(self._tools.journal.record, entry)
            for listener in self._tools.listeners:
                listener(entry)
        self._emit(event)


def _log_fault(run_id: str, model_id: str, error: ProviderError) -> None:
    """What the owner needs to mend it: a provider's own words, or where an engine broke."""
    trace = error if isinstance(error, EngineFault) else None
    log.warning("run.attempt_fault", run_id=run_id, model_id=model_id, detail=str(error), exc_info=trace)
