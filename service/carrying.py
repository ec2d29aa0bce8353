"""Runs begun, followed and taken up again: the part of the service that outlives a visitor and a process."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog

from domain import ModelInfo, Photo, PolicyFacts, RunStatus, SelectionResult
from errors import Busy, DatabaseError, FilesGone, InvalidPhoto, LeaseLost
from registry import ModelRegistry
from runs import (
    MOST_TAKES,
    Claim,
    Job,
    KeyUse,
    Past,
    Payer,
    RunEnded,
    RunEvent,
    RunResult,
    RunResumed,
    Tools,
    carry_out,
    interrupt,
)

log = structlog.get_logger("cutout_router")

LOOK_S = 0.5
DETACHED_AT_MOST = 8
TAKEN_UP_AT_ONCE = 4
SOONEST_LOOK, LATEST_LOOK = timedelta(seconds=1), timedelta(minutes=1)

Facts = Callable[[Sequence[ModelInfo], Photo, Payer], PolicyFacts]
Hear = Callable[[RunEvent], None]


def nobody(_: RunEvent) -> None:
    """Hears nothing."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that is in the journal and ours to carry out."""

    job: Job
    claim: Claim


class Carrier:
    """Belongs to one process; `facts` tells what the policy may know right now."""

    def __init__(self, registry: ModelRegistry, tools: Tools, facts: Facts) -> None:
        self._registry = registry
        self._tools = tools
        self._facts = facts
        self._detached: dict[str, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(TAKEN_UP_AT_ONCE)

    async def begin(
        self,
        photo: Photo,
        models: Sequence[ModelInfo],
        payer: Payer,
        reserve: Callable[[Callable[[], PolicyFacts]], SelectionResult],
        key: KeyUse | None,
        *,
        patient: bool = False,
    ) -> Begun | str:
        """Write a new run down, or answer with the id of the one that its key stands for.

        Raises:
            Stopping: the program is being stopped.
            KeyReused: the key stands for something else.
        """
        self._tools.roster.admit()
        facts = partial(self._facts, models, photo, payer)
        selection = await asyncio.to_thread(reserve, facts)
        job = Job(payer.run_id, photo, selection, _by_id(models), facts, patient)
        claim = Claim(job.run_id)
        run_id: str | None = None
        try:
            run_id = await asyncio.to_thread(self._written, job, claim, key)
        finally:
            if run_id != job.run_id:
                await asyncio.to_thread(self._tools.ledger.release, job.run_id)
        return Begun(job, claim) if run_id == job.run_id else run_id

    async def events(self, begun: Begun | str) -> AsyncGenerator[RunEvent, None]:
        """Of a run of ours, which closing the iterator cancels; or of another's, which goes on without us."""
        source = self.follow(begun) if isinstance(begun, str) else carry_out(self._tools, begun.job, begun.claim)
        async with aclosing(source) as events:
            async for event in events:
                yield event

    async def follow(self, run_id: str) -> AsyncGenerator[RunEvent, None]:
        """The end of a run that somebody carries out, or has carried out, whoever it is."""
        while (result := await self.result(run_id)) is not None:
            if result.status is not RunStatus.RUNNING:
                yield RunEnded(result)
                return
            yield RunResumed(run_id)
            await asyncio.sleep(LOOK_S)

    def detach(self, begun: Begun, place: AsyncExitStack, hear: Hear = nobody) -> asyncio.Task[None]:
        """Carry a run out although nobody need listen; `place` is left when it is over."""

        async def in_place() -> None:
            async with place:
                await self._to_the_end(begun.job, begun.claim, hear=hear)

        return self._spawn(begun.job.run_id, in_place())

    async def detached(self, begun: Begun, place: AsyncExitStack) -> AsyncGenerator[RunEvent, None]:
        """The events of a run of ours that goes on when the iterator is closed."""
        told: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        task = self.detach(begun, place, told.put_nowait)
        task.add_done_callback(lambda _: told.put_nowait(None))
        while (event := await told.get()) is not None:
            yield event
        await task

    def make_room(self) -> None:
        """Raises `Busy` when as many runs as fit go on without a listener."""
        if len(self._detached) >= DETACHED_AT_MOST:
            raise Busy

    async def recover(self) -> timedelta:
        """Take up every run that nobody works on; answers with when to look again."""
        if self._tools.roster.stopping:
            return LATEST_LOOK
        await asyncio.to_thread(self._tools.catch_up)
        for run_id in await asyncio.to_thread(self._tools.journal.leases.lapsed):
            if run_id not in self._detached and run_id not in self._tools.unwritten:
                self._spawn(run_id, self.take_up(run_id))
        if self._tools.unwritten:
            return SOONEST_LOOK
        lapse = await asyncio.to_thread(self._tools.journal.leases.next_lapse)
        return max(SOONEST_LOOK, min(LATEST_LOOK, lapse - self._tools.now() + SOONEST_LOOK)) if lapse else LATEST_LOOK

    async def take_up(self, run_id: str) -> None:
        """Go on with a run where its last process stopped; a run that nobody can finish is ended."""
        async with self._turns:
            claim = (
                None
                if self._tools.roster.stopping
                else await asyncio.to_thread(self._tools.journal.leases.claim, run_id)
            )
            if claim is None:
                return
            past = await asyncio.to_thread(self._tools.journal.past, run_id)
            models = await asyncio.to_thread(self._registry.get_all_models, active_only=False)
            photo = None if past.takes > MOST_TAKES else await asyncio.to_thread(self._photo, run_id)
            if photo is None:
                await interrupt(self._tools, claim, past, _by_id(models))
                return
            facts = partial(self._facts, models, photo, Payer(run_id))
            job = Job(run_id, photo, past.result.selection, _by_id(models), facts)
            await self._to_the_end(job, claim, past)

    async def settle(self) -> None:
        """Wait for everything that goes on without a listener."""
        while self._detached:
            await asyncio.wait(set(self._detached.values()))

    async def result(self, run_id: str) -> RunResult | None:
        """A run as it stands in the journal, with its files when it is over and they are still there."""
        result = await asyncio.to_thread(self._tools.result, run_id)
        if result is None or result.model_id is None or result.status is RunStatus.RUNNING:
            return result
        try:
            return replace(result, files=await asyncio.to_thread(self._tools.store.files, run_id, 0))
        except FilesGone:
            return result

    async def _to_the_end(self, job: Job, claim: Claim, past: Past | None = None, hear: Hear = nobody) -> None:
        try:
            async with aclosing(carry_out(self._tools, job, claim, past)) as events:
                async for event in events:
                    hear(event)
        except LeaseLost:
            log.warning("run.lease_lost", run_id=job.run_id)
        except FilesGone:
            log.info("run.deleted", run_id=job.run_id)

    def _spawn(self, run_id: str, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = self._detached[run_id] = asyncio.create_task(work)
        task.add_done_callback(lambda done: self._done(run_id, done))
        return task

    def _done(self, run_id: str, task: asyncio.Task[None]) -> None:
        self._detached.pop(run_id, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("run.broke", run_id=run_id, error=type(error).__name__, exc_info=error)

    def _photo(self, run_id: str) -> Photo | None:
        try:
            return self._tools.store.photo(run_id)
        except (FilesGone, InvalidPhoto):
            return None

    def _written(self, job: Job, claim: Claim, key: KeyUse | None) -> str:
        running = RunResult(job.run_id, RunStatus.RUNNING, None, (job.selection,), (), None, 0.0)
        try:
            return self._tools.journal.start_run(claim, running, job.facts(), job.photo.sha256, job.names, key)
        except DatabaseError as error:
            if key:
                raise
            log.error("database.unwritten", what="start_run", trouble=error.trouble, reason=str(error))  # noqa: TRY400  # the reason says it
            return job.run_id


def _by_id(models: Sequence[ModelInfo]) -> dict[str, ModelInfo]:
    return {model.id: model for model in models}


def new_payer(visitor: str, batch: str = "") -> Payer:
    return Payer(uuid.uuid4().hex, visitor, batch)
