"""One photo of a batch, carried to its end: its run, its files for marketplaces, its line in the table.

The run is begun under a key of its own ("batch/photo/try"), so that whoever comes second, after a crash or because a
queue delivered twice, follows the same run and buys nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

import structlog

import heavy
from batches.desk import Desk, ItemClaim, ItemKey
from batches.files import BatchFiles
from domain import (
    BatchItem,
    BatchOptions,
    BatchStatus,
    ExportOptions,
    ItemState,
    MadeExport,
    Outcome,
    RunStatus,
    SelectionRequest,
    Statement,
)
from errors import (
    Busy,
    CutoutRouterError,
    DatabaseError,
    FilesGone,
    InvalidPhoto,
    LeaseLost,
    PhotoGone,
    Stopping,
)
from imaging import decode_picture, encode_preview
from patience import patiently
from runs import (
    AttemptProgress,
    Exported,
    Payer,
    RunEnded,
    RunEvent,
    RunFiles,
    RunHandedOver,
    RunResult,
    RunResumed,
    error_statement,
    warnings_of,
)

log = structlog.get_logger("cutout_router")

THUMBNAIL_PX = 112
BUG = Statement(code="error.bug")
NO_MODEL = Statement(code="reason.none")
INTERRUPTED = Statement(code="run.interrupted")
GONE = Statement(code="error.batch_pictures_gone")
NO_ORIGIN = dict.fromkeys(("confidence", "source", "url", "seen", "dated", "applies_from", "note"))
"""Where a rule was read is not kept with every photo."""
PUT_BACK = (Stopping, Busy, DatabaseError)
"""What passes by itself: the photo waits for it."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What is done for a batch elsewhere: runs under a key, runs that somebody else began, files for marketplaces, what
    lies in memory for them until all are `exported`, and what was set aside for a batch that is `over`.
    """

    run: Callable[[bytes, SelectionRequest, Payer, str], AsyncGenerator[RunEvent, None]]
    follow: Callable[[str], AsyncGenerator[RunEvent, None]]
    result: Callable[[str], Awaitable[RunResult | None]]
    export: Callable[[str, ExportOptions], Awaitable[Exported]]
    exported: Callable[[str], None]
    over: Callable[[str], None]


class Worker:
    """Works on what was claimed; belongs to one process."""

    def __init__(self, desk: Desk, files: BatchFiles, hands: Hands) -> None:
        self._desk = desk
        self._files = files
        self._hands = hands

    async def work(self, claim: ItemClaim) -> bool:
        """False when the photo was put back, because right now nobody can work on it here."""
        keeper = asyncio.create_task(self._keep(claim))
        try:
            with patiently():
                return await self._to_the_end(claim)
        except PUT_BACK as error:
            log.warning("batch.put_back", batch_id=claim.key.batch_id, number=claim.key.number, reason=error.code)
            return await self._put_back(claim)
        except asyncio.CancelledError:
            await asyncio.shield(self._put_back(claim))
            raise
        finally:
            keeper.cancel()

    async def _to_the_end(self, claim: ItemClaim) -> bool:
        terms = await asyncio.to_thread(self._desk.terms, claim.key.batch_id)
        if terms is None:
            return True
        try:
            item = await self._done(claim, *terms)
        except (InvalidPhoto, PhotoGone) as fault:
            told = {"state": ItemState.REFUSED, "note": f"error.{fault.code}", "facts": dict(fault.facts)}
            item = claim.item.model_copy(update=told)
        except PUT_BACK:
            raise
        except FilesGone:
            item = await self._broken(claim, GONE)
        except CutoutRouterError as error:
            item = await self._broken(claim, Statement(code=f"error.{error.code}", facts=error.facts))
        except Exception:
            log.exception("batch.photo_broke", batch_id=claim.key.batch_id, number=claim.key.number)
            item = await self._broken(claim, BUG)
        return await self._finish(claim, item) if item else await self._put_back(claim)

    async def _done(self, claim: ItemClaim, options: BatchOptions, visitor: str) -> BatchItem | None:
        """The photo with its outcome, its files and its small picture; None when the next process goes on with it."""
        result = await self._run(claim, options, visitor)
        if result is None:
            return None
        if result.model_id and result.files is None and result.status is not RunStatus.RUNNING:
            raise FilesGone(result.run_id)
        exports = await self._exports(result, options)
        if result.files:
            await self._shown(claim, result.files)
        return _outcome(claim.item, result, exports)

    async def _broken(self, claim: ItemClaim, why: Statement) -> BatchItem:
        """What came in between ends the photo, and what its run cost stays with it."""
        run_id = await asyncio.to_thread(self._desk.run_of, claim.key)
        result = await self._hands.result(run_id) if run_id else None
        item = _outcome(claim.item, result, ()) if result else claim.item
        return item.model_copy(update={"state": ItemState.FAILED, "note": why.code, "facts": dict(why.facts)})

    async def _run(self, claim: ItemClaim, options: BatchOptions, visitor: str) -> RunResult | None:
        """How the run ended, or how it stood when the batch was stopped; None when the next process goes on with it.

        A run that was lost is run afresh: the photo is still here, and nothing was bought for it.
        """
        while True:
            result = await self._followed(claim, options, visitor)
            if result is None or not _lost(result) or await self._stopped(claim):
                return result
            afresh = await asyncio.to_thread(self._desk.afresh, claim)
            if afresh is None:
                return result
            log.info("batch.run_afresh", batch_id=claim.key.batch_id, number=claim.key.number, run_id=result.run_id)
            claim = afresh

    async def _followed(self, claim: ItemClaim, options: BatchOptions, visitor: str) -> RunResult | None:
        while True:
            try:
                return await self._watched(claim, await self._events(claim, options, visitor))
            except LeaseLost:
                log.info("batch.followed", batch_id=claim.key.batch_id, number=claim.key.number)

    async def _events(self, claim: ItemClaim, options: BatchOptions, visitor: str) -> AsyncGenerator[RunEvent, None]:
        if claim.item.run_id and await self._hands.result(claim.item.run_id):
            return self._hands.follow(claim.item.run_id)
        upload = await asyncio.to_thread(self._files.photo, claim.key.batch_id, claim.key.number)
        key = f"{claim.key.batch_id}/{claim.key.number}/{claim.item.tries}"
        return self._hands.run(upload, options.request, Payer("", visitor, claim.key.batch_id), key)

    async def _watched(self, claim: ItemClaim, source: AsyncGenerator[RunEvent, None]) -> RunResult | None:
        """Closing a run of ours cancels it, at the provider too; one that another process carries out goes on.

        A run that breaks ends first and raises then.
        """
        run_id, ended = claim.item.run_id, None
        async with aclosing(source) as events:
            async for event in events:
                if isinstance(event, RunEnded):
                    ended = event.result
                    continue
                if isinstance(event, RunHandedOver):
                    return None
                if run_id != event.run_id:
                    run_id = event.run_id
                    await asyncio.to_thread(self._desk.note_run, claim, run_id)
                if isinstance(event, AttemptProgress | RunResumed) and await self._stopped(claim):
                    break
        return ended or (await self._hands.result(run_id) if run_id else None)

    async def _stopped(self, claim: ItemClaim) -> bool:
        status = await asyncio.to_thread(self._desk.status, claim.key.batch_id)
        return status is not BatchStatus.RUNNING

    async def _exports(self, result: RunResult, options: BatchOptions) -> tuple[MadeExport, ...]:
        if result.files is None:
            return ()
        made = [await self._export(result.run_id, name, options.export) for name in options.marketplaces]
        self._hands.exported(result.run_id)
        return tuple(made)

    async def _export(self, run_id: str, marketplace: str, options: ExportOptions) -> MadeExport:
        """A file that cannot be made is a line of the report, and the photo is done all the same."""
        try:
            made = await self._hands.export(run_id, options.model_copy(update={"marketplace": marketplace}))
        except CutoutRouterError as error:
            return MadeExport(marketplace=marketplace, error=error.code, facts=error.facts)
        except Exception:
            log.exception("batch.export_broke", run_id=run_id, marketplace=marketplace)
            return MadeExport(marketplace=marketplace, error=BUG.code.partition(".")[2])
        missed = tuple(one.model_copy(update=NO_ORIGIN) for one in made.compliance.missed)
        return MadeExport(marketplace=marketplace, export=made.files.number, accepted=not missed, missed=missed)

    async def _finish(self, claim: ItemClaim, item: BatchItem) -> bool:
        if await asyncio.to_thread(self._desk.finish, claim, item) and item.state is ItemState.SUCCEEDED:
            await self._drop(claim.key)
        if await self._stopped(claim):
            await asyncio.to_thread(self._hands.over, claim.key.batch_id)
        return True

    async def _drop(self, key: ItemKey) -> None:
        try:
            await asyncio.to_thread(self._files.drop_photo, key.batch_id, key.number)
        except OSError as error:
            log.warning("batch.photo_not_dropped", batch_id=key.batch_id, number=key.number, reason=str(error))

    async def _put_back(self, claim: ItemClaim) -> bool:
        try:
            await asyncio.to_thread(self._desk.release, claim)
        except DatabaseError as error:
            log.warning("batch.not_put_back", reason=str(error))  # its lease will lapse
        return False

    async def _shown(self, claim: ItemClaim, files: RunFiles) -> None:
        """Without its small picture a photo is done all the same. Raises `FilesGone` when its cutout is gone."""
        try:
            await heavy.do(self._picture, claim, files)
        except Exception as error:
            if not await asyncio.to_thread(files.cutout.exists):
                raise FilesGone(claim.key.batch_id) from error
            log.warning("batch.no_picture", batch_id=claim.key.batch_id, number=claim.key.number, exc_info=error)

    def _picture(self, claim: ItemClaim, files: RunFiles) -> None:
        small = encode_preview(decode_picture(files.after.read_bytes()), THUMBNAIL_PX)
        self._files.keep_thumbnail(claim.key.batch_id, claim.key.number, small)

    async def _keep(self, claim: ItemClaim) -> None:
        """Who has lost a photo need not stop: the run has a lease of its own, and the outcome is not written twice."""
        while True:
            await asyncio.sleep(self._desk.lease.total_seconds() / 3)
            try:
                if not await asyncio.to_thread(self._desk.renew, claim):
                    return
            except DatabaseError as error:
                log.warning("batch.lease_not_renewed", reason=str(error))


def _outcome(item: BatchItem, result: RunResult, exports: tuple[MadeExport, ...]) -> BatchItem:
    """A run that still stands as running belongs to a batch that was stopped."""
    running = result.status is RunStatus.RUNNING
    note = _note(result)
    told = {
        "state": ItemState.CANCELLED if running else ItemState(result.status),
        "run_id": result.run_id,
        "model_id": result.model_id,
        "fallbacks": sum(attempt.outcome is not Outcome.SUCCEEDED for attempt in result.attempts),
        "seconds": round(item.seconds + result.seconds, 3),
        "cost_usd": round(item.cost_usd + result.cost_usd, 6),
        "note": note.code if note else None,
        "facts": dict(note.facts) if note else {},
        "exports": exports,
    }
    return item.model_copy(update=told)


def _lost(result: RunResult) -> bool:
    """It was interrupted before it had anything, as when its process dies before the photo is kept."""
    return result.status is RunStatus.INTERRUPTED and result.files is None and not result.cost_usd


def _note(result: RunResult) -> Statement | None:
    """What went wrong last, or what is to be said of a cutout."""
    if result.status in {RunStatus.FAILED, RunStatus.DRAFT} and result.attempts:
        return error_statement(result.attempts[-1])
    if result.status is RunStatus.FAILED:
        return NO_MODEL
    if result.status is RunStatus.INTERRUPTED:
        return INTERRUPTED
    return next(iter(warnings_of(result)), None)
