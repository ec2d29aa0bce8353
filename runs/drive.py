"""One run, carried out: draft, attempts in the order of the plan, gate, fallbacks, outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import structlog

import heavy
from database import WORTH_WAITING_UNTIL
from domain import Cutout, ModelInfo, ObjectionCode, Outcome, RunStatus, SelectionResult
from errors import ContentRefused, CutoutRouterError, LeaseLost
from patience import PATIENT
from runs.attempts import Around, Attempts
from runs.drafting import Draft, make_draft
from runs.entries import entry_of
from runs.events import (
    AttemptProgress,
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
from runs.job import Job, Tools
from runs.journal import Past
from runs.leases import Claim, keep

log = structlog.get_logger("cutout_router")

Emit = Callable[[RunEvent], None]
LAST_WORDS_S = 0.5  # after the deadline, in which a locked database is waited for, so that the end is written down
BUYS_FOR_S = 3600  # from a run's start; the provider keeps inputs and results for as long


class Drive:
    """Carries out one job and tells `emit` what happens; cancelling `run` ends the job as cancelled.

    It may begin anywhere: `past` is what an earlier process left in the journal. What was bought is found, not bought
    again; what ended stays ended; and whoever holds the claim is the only one to write.
    """

    def __init__(self, tools: Tools, job: Job, claim: Claim, emit: Emit, past: Past | None = None) -> None:
        self._tools = tools
        self._job = job
        self._claim = claim
        self._emit = emit
        self._past = past
        before = past.result if past else None
        self._selections: list[SelectionResult] = list(before.selections) if before else [job.selection]
        self._earlier_s = (tools.now() - past.started_at).total_seconds() if past else 0.0
        self._started = tools.clock()
        self._task: asyncio.Task[object] | None = None
        self._draft: asyncio.Task[Draft | None] | None = None
        self._photo_kept: asyncio.Task[None] | None = None
        self._handed_over = False
        self._lost = False
        around = Around(self._tell, self._photo_there, self._save, self._drafted, self._given_up)
        self._attempts = Attempts(tools, job, claim, around, past)

    async def run(self) -> RunResult | None:
        """The result; None when the run was handed over to the next process.

        A bug in it costs the person the model's cutout, not the draft: with one, the run ends and the log says why.

        Raises:
            LeaseLost: another process goes on with it.
            CutoutRouterError: what the person must be told; the run has ended, with its draft if there is one.
        """
        self._task = asyncio.current_task()
        PATIENT.set(self._job.patient)
        WORTH_WAITING_UNTIL.set(time.monotonic() + self._tools.deadline_s + LAST_WORDS_S)
        keeper = asyncio.create_task(keep(self._tools.journal.leases, self._claim, self._lose))
        try:
            await self._begin()
            return await self._end(await self._deliver())
        except asyncio.CancelledError:
            if self._lost:
                raise LeaseLost(self._job.run_id) from None
            if not self._handed_over:
                await asyncio.shield(self._end(self._result(RunStatus.CANCELLED)))
                raise
            await asyncio.shield(self._let_go())
            return None
        except LeaseLost:
            raise
        except Exception as error:
            result = await self._end(await self._saved())
            if isinstance(error, CutoutRouterError) or result.files is None:
                raise
            log.exception("run.broke", run_id=self._job.run_id, error=type(error).__name__)
            return result
        finally:
            keeper.cancel()
            if self._draft:
                self._draft.cancel()
            self._attempts.over()
            self._task = None

    def progress(self) -> AttemptProgress | None:
        """What is happening right now; None between attempts."""
        return self._attempts.progress()

    def hand_over(self) -> None:
        """Leave the run to the next process: nothing is cancelled at the provider, nothing is closed.

        Not one that is being cancelled already: it ends here, or the next process would finish what nobody wants.
        """
        if self._task and self._task.cancelling():
            return
        self._handed_over = True
        if self._task:
            self._task.cancel()

    async def _begin(self) -> None:
        job, tools = self._job, self._tools
        if self._past is None:
            self._photo_kept = asyncio.create_task(heavy.at_once(tools.store.keep_photo, job.run_id, job.photo))
            await self._tell(RunStarted(job.run_id, job.selection))
        else:
            await self._tell(RunResumed(job.run_id))
            for attempt in self._attempts.closed:
                await self._attempts.pay(attempt)
        self._draft = asyncio.create_task(self._make_draft())

    def _lose(self) -> None:
        """Another process goes on: everything is left as it is."""
        self._lost = True
        if self._task:
            self._task.cancel()

    def _given_up(self) -> bool:
        return self._handed_over or self._lost

    async def _let_go(self) -> None:
        await self._tell(RunHandedOver(self._job.run_id))
        await asyncio.to_thread(self._tools.journal.leases.release, self._claim)

    async def _deliver(self) -> RunResult:
        """The first cutout that passes the gate, else the draft, else nothing."""
        attempts = self._attempts
        last = attempts.last
        if last and last.outcome is Outcome.SUCCEEDED:
            made = await asyncio.to_thread(self._tools.store.files, self._job.run_id, 0)
            return self._result(RunStatus.SUCCEEDED, self._job.models[last.model_id], made)
        selection = self._selections[-1]
        if last and last.model_id == selection.model_id:
            selection = await self._next(self._job.models[last.model_id], last.error or "", selection)
        while selection.model_id is not None:
            if self._too_late():
                return await self._drafted_result(RunStatus.INTERRUPTED)
            model = self._job.models[selection.model_id]
            leave = await attempts.admitted(model)
            done = await attempts.make(model, selection, leave) if leave or attempts.open else None
            if done is None:
                why = ObjectionCode.NO_BOOKS if leave else ObjectionCode.RESTING
                selection = await self._next(model, why, selection)
                continue
            attempt, files = done
            if files:
                return self._result(RunStatus.SUCCEEDED, model, files)
            selection = await self._next(model, attempt.error or "", selection)
        return await self._drafted_result(RunStatus.DRAFT)

    def _too_late(self) -> bool:
        """Nobody waits for a run of an hour ago: what was bought is still fetched, but nothing more is bought."""
        return self._attempts.open is None and self._earlier_s > BUYS_FOR_S

    async def _drafted_result(self, status: RunStatus) -> RunResult:
        drafted = await self._draft if self._draft else None
        if drafted is None:
            return self._result(RunStatus.FAILED if status is RunStatus.DRAFT else status)
        return replace(self._result(status, self._job.draft_model(), drafted.files), remarks=drafted.remarks)

    async def _saved(self) -> RunResult:
        """What is left of a run that broke: its draft, unless that is what broke."""
        try:
            return await self._drafted_result(RunStatus.DRAFT)
        except Exception:
            return self._result(RunStatus.FAILED)

    async def _save(self, cutout: Cutout, *, draft: bool = False) -> RunFiles:
        """The exports; the photo was being written while the model worked."""
        await self._photo_there()
        return await heavy.do(self._tools.store.save, self._job.run_id, cutout, draft=draft)

    async def _photo_there(self) -> None:
        if self._photo_kept:
            await asyncio.shield(self._photo_kept)

    async def _drafted(self) -> Cutout | None:
        """The draft's cutout, for the gate to compare with."""
        draft = await asyncio.shield(self._draft) if self._draft else None
        return draft.cutout if draft else None

    async def _next(self, model: ModelInfo, why: str, selection: SelectionResult) -> SelectionResult:
        """One step down the plan, written down before anything follows from it.

        After a content refusal, models behind the same endpoint are not paid to say it again.
        """
        job, policy = self._job, self._tools.policy
        models, facts = list(job.models.values()), await asyncio.to_thread(job.facts)
        step = policy.get_fallback_model(model.id, why, selection, models, facts)
        while why == ContentRefused.code and step.model_id and job.models[step.model_id].endpoint == model.endpoint:
            step = policy.get_fallback_model(step.model_id, why, step, models, facts)
        self._selections.append(step)
        running = self._result(RunStatus.RUNNING)
        await asyncio.to_thread(self._tools.journal.note_selections, self._claim, running, job.names)
        await self._tell(FallbackChosen(job.run_id, model.id, step))
        return step

    async def _make_draft(self) -> Draft | None:
        draft = await make_draft(self._tools, self._job, partial(self._save, draft=True))
        if draft:
            self._emit(DraftReady(self._job.run_id, draft.files))
            await self._note(draft)
        return draft

    async def _note(self, draft: Draft) -> None:
        if draft.remarks:
            with suppress(LeaseLost):  # whoever has the run now makes a draft, too
                await asyncio.to_thread(self._tools.journal.note_remarks, self._claim, draft.remarks)

    async def _end(self, result: RunResult) -> RunResult:
        await asyncio.to_thread(self._tools.end, self._claim, result, self._job.names)
        self._emit(RunEnded(result))
        return result

    def _result(self, status: RunStatus, model: ModelInfo | None = None, files: RunFiles | None = None) -> RunResult:
        return RunResult(
            run_id=self._job.run_id,
            status=status,
            model_id=model.id if model else None,
            selections=tuple(self._selections),
            attempts=tuple(self._attempts.closed),
            files=files,
            seconds=self._earlier_s + self._tools.clock() - self._started,
        )

    async def _tell(self, event: RunEvent) -> None:
        entry = entry_of(event, self._job.names)
        if entry:
            await asyncio.to_thread(self._tools.tell, entry, self._claim)
        self._emit(event)
