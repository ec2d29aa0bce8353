"""One run, carried out: draft, attempts in the order of the plan, gate, fallbacks, outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from domain import Attempt, Cutout, ModelInfo, ObjectionCode, Outcome, RunStatus, SelectionResult
from errors import ContentRefused, DatabaseError, LeaseLost
from policy import attempt_deadline
from providers import Trail
from runs.attempt import Call, Ending, call_model, log_fault
from runs.breakers import Leave
from runs.drafting import Draft, make_draft
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
    RunHandedOver,
    RunResult,
    RunResumed,
    RunStarted,
)
from runs.job import Job, Tools
from runs.journal import Past, Sent
from runs.leases import Claim, keep
from runs.watch import Watch

Emit = Callable[[RunEvent], None]
BUYS_FOR_S = 3600  # from a run's start; the provider keeps inputs and results for as long
LEASE_SLACK_S = 30  # after the deadline, for the attempt to be closed


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
        attempts = before.attempts if before else ()
        self._attempts = [one for one in attempts if one.outcome is not Outcome.STARTED]
        self._open = attempts[-1] if attempts and attempts[-1].outcome is Outcome.STARTED else None
        self._number = attempts[-1].number if attempts else 0
        self._earlier_s = (tools.now() - past.started_at).total_seconds() if past else 0.0
        self._started = tools.clock()
        self._watch: Watch | None = None
        self._task: asyncio.Task[object] | None = None
        self._draft: asyncio.Task[Draft | None] | None = None
        self._photo_kept: asyncio.Task[None] | None = None
        self._handed_over = False
        self._lost = False

    async def run(self) -> RunResult | None:
        """The result; None when the run was handed over to the next process.

        Raises:
            LeaseLost: another process goes on with it.
        """
        self._task = asyncio.current_task()
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
        except Exception:
            await self._end(self._result(RunStatus.FAILED))
            raise
        finally:
            keeper.cancel()
            if self._draft:
                self._draft.cancel()

    def progress(self) -> AttemptProgress | None:
        """What is happening right now; None between attempts."""
        return self._watch.progress() if self._watch else None

    def hand_over(self) -> None:
        """Leave the run to the next process: nothing is cancelled at the provider, nothing is closed."""
        self._handed_over = True
        if self._task:
            self._task.cancel()

    async def _begin(self) -> None:
        job, tools = self._job, self._tools
        if self._past is None:
            self._photo_kept = asyncio.create_task(asyncio.to_thread(tools.store.keep_photo, job.run_id, job.photo))
            await self._tell(RunStarted(job.run_id, job.selection))
        else:
            await self._tell(RunResumed(job.run_id))
            for attempt in self._attempts:
                await self._pay(attempt)
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
        last = self._attempts[-1] if self._attempts else None
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
            leave = await asyncio.to_thread(self._tools.breakers.admit, model, self._tools.deadline_s + LEASE_SLACK_S)
            done = await self._attempt(model, selection, leave) if leave or self._open else None
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
        return self._open is None and self._earlier_s > BUYS_FOR_S

    async def _drafted_result(self, status: RunStatus) -> RunResult:
        drafted = await self._draft if self._draft else None
        if drafted is None:
            return self._result(RunStatus.FAILED if status is RunStatus.DRAFT else status)
        return replace(self._result(status, self._job.draft_model(), drafted.files), remarks=drafted.remarks)

    async def _save(self, cutout: Cutout, *, draft: bool = False) -> RunFiles:
        """The exports; the photo was being written while the model worked."""
        await self._photo_there()
        return await asyncio.to_thread(self._tools.store.save, self._job.run_id, cutout, draft=draft)

    async def _photo_there(self) -> None:
        if self._photo_kept:
            await asyncio.shield(self._photo_kept)

    async def _attempt(
        self, model: ModelInfo, selection: SelectionResult, leave: Leave | None
    ) -> tuple[Attempt, RunFiles | None] | None:
        """The breakers hear of the ending, whatever it is; None when nothing was sent, as it could not be entered."""
        breakers, begun = self._tools.breakers, self._tools.clock()
        try:
            ending, closed, files = await self._called(model, selection)
        except DatabaseError:
            if leave:
                await asyncio.to_thread(breakers.give_back, leave)
            return None
        except BaseException:
            if leave:
                await asyncio.shield(asyncio.to_thread(breakers.give_back, leave))
            raise
        if leave:
            await asyncio.to_thread(breakers.settle, leave, ending.error, self._tools.clock() - begun)
        return closed, files

    async def _called(self, model: ModelInfo, selection: SelectionResult) -> tuple[Ending, Attempt, RunFiles | None]:
        """The photo is on disk before anything is paid for, and the files are before the attempt is closed."""
        job, tools = self._job, self._tools
        if not model.is_local:
            await self._photo_there()
        attempt, trail = await self._opened(model)
        watch = self._watch = Watch(self._claim, model, attempt, tools.journal, tools.clock)
        files: RunFiles | None = None
        try:
            ending = await call_model(self._call(model, selection, attempt, watch, trail))
            closed = watch.closed(ending)
            if ending.cutout:
                files = await self._save(ending.cutout)
        except asyncio.CancelledError:
            if not self._given_up():
                stopped = attempt.model_copy(update={"outcome": Outcome.CANCELLED, "error": "cancelled"})
                await asyncio.shield(self._close(watch.closed(Ending(stopped))))
            raise
        await self._close(closed)
        if ending.error:
            log_fault(job.run_id, model.id, ending.error)
        return ending, closed, files

    async def _enter(self, model: ModelInfo, attempt: Attempt) -> None:
        """Nothing is paid for without its row; local engines cost nothing and work without."""
        try:
            await asyncio.to_thread(self._tools.journal.start_attempt, self._claim, attempt)
        except DatabaseError:
            if not model.is_local:
                raise

    async def _opened(self, model: ModelInfo) -> tuple[Attempt, Trail]:
        """A new attempt, or the one that an earlier process left open."""
        attempt, sent = self._open, self._past.sent if self._past else Sent()
        self._open = None
        if attempt is None:
            self._number += 1
            attempt, sent = Attempt(number=self._number, model_id=model.id), Sent()
            await self._enter(model, attempt)
        await self._tell(AttemptStarted(self._job.run_id, attempt, model.typical_seconds))
        return attempt, Trail(attempt.prediction_id, sent.token, sent.at, self._given_up)

    def _call(self, model: ModelInfo, selection: SelectionResult, attempt: Attempt, watch: Watch, trail: Trail) -> Call:
        provider, deadline_s = self._tools.providers[model.spec.kind], self._time_for(selection)
        return Call(provider, model, self._job.photo, deadline_s, attempt, watch.listen, self._drafted, trail)

    async def _drafted(self) -> Cutout | None:
        """The draft's cutout, for the gate to compare with."""
        draft = await asyncio.shield(self._draft) if self._draft else None
        return draft.cutout if draft else None

    async def _close(self, attempt: Attempt) -> None:
        self._watch = None
        self._attempts.append(attempt)
        await self._pay(attempt)  # first: an attempt that is over is never paid for again
        await asyncio.to_thread(self._tools.journal.end_attempt, self._claim, attempt)
        await self._tell(AttemptEnded(self._job.run_id, attempt))

    async def _pay(self, attempt: Attempt) -> None:
        model = self._job.models[attempt.model_id]
        await asyncio.to_thread(self._tools.pay, self._job.run_id, model, attempt)

    def _time_for(self, selection: SelectionResult) -> float:
        left = self._tools.deadline_s - (self._tools.clock() - self._started)
        later = [self._job.models[model_id].typical_seconds for model_id in selection.fallback_chain]
        return attempt_deadline(left, later)

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
        return draft

    async def _end(self, result: RunResult) -> RunResult:
        await asyncio.to_thread(self._tools.journal.end_run, self._claim, result, self._job.names)
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
            seconds=self._earlier_s + self._tools.clock() - self._started,
        )

    async def _tell(self, event: RunEvent) -> None:
        entry = entry_of(event, self._job.names)
        if entry:
            await asyncio.to_thread(self._tools.tell, entry)
        self._emit(event)
