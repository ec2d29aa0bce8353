"""The attempts of one run: each is entered before it is made, and closed and paid for whatever becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain import Attempt, Cutout, ModelInfo, Outcome, SelectionResult
from errors import DatabaseError, EngineFault, LeaseLost
from policy import attempt_deadline
from providers import Trail
from runs.attempt import Call, Ending, call_model, log_fault
from runs.breakers import Leave
from runs.events import AttemptEnded, AttemptProgress, AttemptStarted, RunEvent, RunFiles
from runs.job import Job, Tools
from runs.journal import Past, Sent
from runs.leases import Claim
from runs.watch import Watch

LEASE_SLACK_S = 30  # after the deadline, for the attempt to be closed


@dataclass(frozen=True, slots=True)
class Around:
    """What attempts need of their run. `photo_there` returns when the photo is on disk; `drafted` is the draft's
    cutout; `given_up` says that another process goes on with the run."""

    tell: Callable[[RunEvent], Awaitable[None]]
    photo_there: Callable[[], Awaitable[None]]
    save: Callable[[Cutout], Awaitable[RunFiles]]
    drafted: Callable[[], Awaitable[Cutout | None]]
    given_up: Callable[[], bool]


class Attempts:
    """`past` is what an earlier process left: its closed attempts count, and its open one is gone on with."""

    def __init__(self, tools: Tools, job: Job, claim: Claim, around: Around, past: Past | None) -> None:
        self._tools = tools
        self._job = job
        self._claim = claim
        self._around = around
        self._sent = past.sent if past else Sent()
        known = past.result.attempts if past else ()
        self.closed = [one for one in known if one.outcome is not Outcome.STARTED]
        self.open = known[-1] if known and known[-1].outcome is Outcome.STARTED else None
        self._number = known[-1].number if known else 0
        self._started = tools.clock()
        self._watch: Watch | None = None

    @property
    def last(self) -> Attempt | None:
        return self.closed[-1] if self.closed else None

    def progress(self) -> AttemptProgress | None:
        """What is happening right now; None between attempts."""
        return self._watch.progress() if self._watch else None

    def over(self) -> None:
        """No more is attempted. The way back to the run is cut: as a circle both would stay in memory, with the photo,
        until the next full collection of garbage, which is hundreds of runs away.
        """
        del self._around

    async def admitted(self, model: ModelInfo) -> Leave | None:
        """Leave from the breakers, or None while the model rests; whoever leaves meanwhile takes none along."""
        breakers, lease_s = self._tools.breakers, self._tools.deadline_s + LEASE_SLACK_S
        asking = asyncio.ensure_future(asyncio.to_thread(breakers.admit, model, lease_s))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            await asyncio.wait({asking})
            if leave := asking.result():
                await asyncio.shield(asyncio.to_thread(breakers.give_back, leave))
            raise

    async def make(
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

    async def pay(self, attempt: Attempt) -> None:
        model = self._job.models[attempt.model_id]
        await asyncio.to_thread(self._tools.pay, self._job.run_id, model, attempt)

    async def _called(self, model: ModelInfo, selection: SelectionResult) -> tuple[Ending, Attempt, RunFiles | None]:
        """The photo is on disk before anything is paid for, and the files are before the attempt is closed."""
        if not model.is_local:
            await self._around.photo_there()
        attempt, sent = await self._opened(model)
        watch = self._watch = Watch(self._claim, model, attempt, self._tools.journal, self._tools.clock)
        trail = Trail(attempt.prediction_id, sent.token, sent.at, self._around.given_up, watch.write_down)
        files: RunFiles | None = None
        try:
            ending = await call_model(self._call(model, selection, attempt, watch, trail))
            closed = watch.closed(ending)
            if ending.cutout:
                files = await self._around.save(ending.cutout)
        except asyncio.CancelledError:
            if not self._around.given_up():
                await asyncio.shield(self._broken_off(watch, attempt, Outcome.CANCELLED, "cancelled"))
            raise
        except (DatabaseError, LeaseLost):
            raise
        except Exception:
            await self._broken_off(watch, attempt, Outcome.FAILED, EngineFault.code)
            raise
        await self._close(closed)
        if ending.error:
            log_fault(self._job.run_id, model.id, ending.error)
        return ending, closed, files

    async def _broken_off(self, watch: Watch, attempt: Attempt, outcome: Outcome, error: str) -> None:
        """Stopped, or broken by a fault of ours: what was bought until then is in the books."""
        await self._close(watch.closed(Ending(attempt.model_copy(update={"outcome": outcome, "error": error}))))

    async def _opened(self, model: ModelInfo) -> tuple[Attempt, Sent]:
        """A new attempt, or the one that an earlier process left open, and what that one sent."""
        attempt, sent = self.open, self._sent
        self.open = None
        if attempt is None:
            self._number += 1
            attempt, sent = Attempt(number=self._number, model_id=model.id), Sent()
            await self._enter(model, attempt)
        await self._around.tell(AttemptStarted(self._job.run_id, attempt, model.typical_seconds))
        return attempt, sent

    async def _enter(self, model: ModelInfo, attempt: Attempt) -> None:
        """Nothing is paid for without its row; local engines cost nothing and work without."""
        try:
            await asyncio.to_thread(self._tools.journal.start_attempt, self._claim, attempt)
        except DatabaseError:
            if not model.is_local:
                raise

    def _call(self, model: ModelInfo, selection: SelectionResult, attempt: Attempt, watch: Watch, trail: Trail) -> Call:
        provider, deadline_s = self._tools.providers[model.spec.kind], self._time_for(selection)
        return Call(provider, model, self._job.photo, deadline_s, attempt, watch.listen, self._around.drafted, trail)

    def _time_for(self, selection: SelectionResult) -> float:
        left = self._tools.deadline_s - (self._tools.clock() - self._started)
        later = [self._job.models[model_id].typical_seconds for model_id in selection.fallback_chain]
        return attempt_deadline(left, later)

    async def _close(self, attempt: Attempt) -> None:
        self._watch, tell = None, self._around.tell  # a second cancellation does not wait for what is shielded
        self.closed.append(attempt)
        await self.pay(attempt)  # first: an attempt that is over is never paid for again
        await asyncio.to_thread(self._tools.journal.end_attempt, self._claim, attempt)
        await tell(AttemptEnded(self._job.run_id, attempt))
