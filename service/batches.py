"""Batches for the page, REST and the client API: taken in, estimated, started, looked at, handed out."""

from __future__ import annotations

import asyncio
import math
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from weakref import WeakValueDictionary

import structlog

from batches import (
    BatchFiles,
    Desk,
    Entry,
    Handed,
    Hands,
    Kept,
    Queue,
    Worker,
    archived,
    batch_report,
    report_csv,
    report_json,
    stems,
    take_in,
)
from batches.archive import FOLDERS
from domain import (
    AGAIN,
    Batch,
    BatchOptions,
    BatchReport,
    BatchStatus,
    Cap,
    Estimate,
    ExportOptions,
    ItemReport,
    Language,
    ModelInfo,
    ModelState,
    ObjectionCode,
    SelectionRequest,
    SelectionResult,
)
from errors import DatabaseError, FilesGone, NoSuchBatch, NoSuchMarketplace, NothingToRun, OverBudget, TooManyBatches
from runs import Exported, Ledger, Payer
from service.service import Service

log = structlog.get_logger("cutout_router")

TEND_EVERY_S = 30.0
MOST_OPEN = 10  # of one visitor: so many may run, and so many more may wait for their start
LEFT_AFTER = timedelta(minutes=15)  # who has not started a batch by then has closed its page
MOST_BYTES = 2_000_000_000  # of one visitor, in all batches that are not deleted
BATCH_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Tray:
    """What batches are made with; `at_once` is how many photos this process works on."""

    desk: Desk
    files: BatchFiles
    queue: Queue
    ledger: Ledger
    at_once: int


class Batches:
    """A batch's id is its key: who knows it may look, stop, and fetch."""

    def __init__(self, service: Service, tray: Tray) -> None:
        self._service = service
        self._tray = tray
        hands = Hands(
            service.run_in_batch,
            service.follow,
            service.result,
            self._export,
            service.exports.put_aside,
            tray.ledger.drop_plan,
        )
        self._worker = Worker(tray.desk, tray.files, hands)
        self._intake: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take(self, files: Sequence[Handed], options: BatchOptions, visitor: str = "") -> str:
        """Keep the photos and say what they may cost; answers with the batch's id. Nothing is started.

        Raises `NoSuchMarketplace` and `TooManyBatches`.
        """
        self._check(options)
        async with self._intake.setdefault(visitor, asyncio.Lock()):  # two at once would take the same room
            return await self._take(files, options, visitor)

    async def take_and_start(self, files: Sequence[Handed], options: BatchOptions, visitor: str = "") -> str:
        """Both in one call: what may not start is not kept, and without a photo the batch is over at once.

        Raises `NoSuchMarketplace`, `TooManyBatches` and `OverBudget`.
        """
        batch_id = await self.take(files, options, visitor)
        try:
            await self.start(batch_id)
        except NothingToRun:
            await asyncio.to_thread(self._tray.desk.close, batch_id)
        except BaseException:
            await self.delete(batch_id)
            raise
        return batch_id

    async def _take(self, files: Sequence[Handed], options: BatchOptions, visitor: str) -> str:
        left = await asyncio.to_thread(self._room_of, visitor, files)
        batch_id = uuid.uuid4().hex
        try:
            items = await asyncio.to_thread(take_in, files, self._tray.files, batch_id, left)
            now = self._tray.desk.now()
            batch = Batch(batch_id=batch_id, status=BatchStatus.PREPARED, options=options, created_at=now, items=items)
            estimate = await self._estimate(len(batch.photos), options.request, Payer("", visitor, batch_id))
            await asyncio.to_thread(self._tray.desk.create, batch, visitor, estimate)
        except BaseException:
            self._tray.files.delete([batch_id])
            raise
        return batch_id

    async def claim(self, batch_id: str, uploads: Iterable[str]) -> None:
        """Folders of files that were uploaded for it: they go with it."""
        await self._service.privacy.claim_uploads(batch_id, uploads)

    async def change(self, batch_id: str, options: BatchOptions) -> None:
        """Other wishes for a batch that is not started, and what it may cost with them."""
        self._check(options)
        kept = await self._kept(batch_id)
        estimate = await self._estimate(len(kept.batch.photos), options.request, Payer("", kept.visitor, batch_id))
        await asyncio.to_thread(self._tray.desk.change, batch_id, options, estimate)

    async def start(self, batch_id: str) -> None:
        """Begin; a batch that was begun before goes on as it is. Raises `NothingToRun` and `OverBudget`."""
        kept = await self._kept(batch_id)
        if kept.batch.status is not BatchStatus.PREPARED:
            return
        await self._set_aside(kept, len(kept.batch.photos))
        if await asyncio.to_thread(self._tray.desk.begin, batch_id):
            await self._queue_up()

    async def again(self, batch_id: str) -> None:
        """Another run for every photo that failed, under a new key. Raises `NothingToRun` and `OverBudget`."""
        kept = await self._kept(batch_id)
        if kept.batch.status in {BatchStatus.PREPARED, BatchStatus.RUNNING}:
            raise NothingToRun
        await self._set_aside(kept, kept.batch.count(*AGAIN))
        await asyncio.to_thread(self._tray.desk.again, batch_id)
        await self._queue_up()

    async def stop(self, batch_id: str) -> None:
        """What waits is not begun, what is being worked on is cancelled, and the money set aside goes back."""
        await self._kept(batch_id)
        await asyncio.to_thread(self._tray.desk.stop, batch_id)
        await asyncio.to_thread(self._tray.ledger.drop_plan, batch_id)

    async def delete(self, batch_id: str) -> None:
        """Stop it and forget it, with its photos and everything made of them."""
        kept = await self._kept(batch_id)
        await self.stop(batch_id)
        await self._service.privacy.delete(batch_id)
        await self._service.privacy.delete_runs(item.run_id for item in kept.batch.items if item.run_id)
        await asyncio.to_thread(self._tray.desk.delete, batch_id)
        await asyncio.to_thread(self._tray.files.delete, [batch_id])

    async def put_away(self, batch_id: str, uploads: Iterable[str] = ()) -> None:
        """Other files take its place: what was handed in and never started is deleted. `uploads` are needed again."""
        await self._service.privacy.let_go(batch_id, uploads)
        if await asyncio.to_thread(self._tray.desk.status, batch_id) is BatchStatus.PREPARED:
            await self.delete(batch_id)

    async def report(self, batch_id: str, language: Language = Language.EN) -> BatchReport:
        """Raises `NoSuchBatch`."""
        kept = await self._kept(batch_id)
        return batch_report(
            kept.batch, kept.estimate, self.names(), self._tray.at_once, self._tray.desk.now(), language
        )

    async def archive(self, batch_id: str, language: Language = Language.EN) -> Iterator[bytes]:
        """The ZIP, part by part: cutouts, files for each marketplace, report.csv and report.json."""
        report = await self.report(batch_id, language)
        return archived(self._entries(report))

    async def thumbnail(self, batch_id: str, number: int) -> Path:
        """A small picture of a finished photo, a WebP; raises `FilesGone`."""
        return await asyncio.to_thread(self._tray.files.thumbnail, batch_id, number)

    async def work(self) -> None:
        """Work on whatever waits, for ever; what an earlier process left is taken up again."""
        tending = asyncio.create_task(self._tend())
        try:
            await self._tray.queue.work(self._worker.work)
        finally:
            tending.cancel()

    def marketplaces(self) -> tuple[str, ...]:
        """Those that files can be made for."""
        return tuple(self._service.exports.rules)

    def model_states(self) -> tuple[ModelState, ...]:
        return self._service.model_states()

    async def settle(self) -> None:
        """Work until nothing waits, without the queue: for programs that come and go."""

        async def until_nothing_waits() -> None:
            while claim := await asyncio.to_thread(self._tray.desk.take_next):
                await self._worker.work(claim)

        await asyncio.gather(*(until_nothing_waits() for _ in range(self._tray.at_once)))

    async def tidy(self, older_than: timedelta) -> None:
        """Batches that are over give back their money, and go when they are old."""
        desk, ledger = self._tray.desk, self._tray.ledger
        running = await asyncio.to_thread(desk.running)
        for batch_id in set(await asyncio.to_thread(ledger.plans)) - running:
            await asyncio.to_thread(ledger.drop_plan, batch_id)
        gone = await asyncio.to_thread(desk.forget, older_than)
        await asyncio.to_thread(self._tray.files.delete, gone)

    def _room_of(self, visitor: str, files: Sequence[Handed]) -> int:
        """Bytes that one visitor's batches may still take on the disk; raises `TooManyBatches`.

        Batches that wait for their start make room, the oldest first: one too many, or those that were left.
        """
        desk, store = self._tray.desk, self._tray.files
        theirs = desk.of_visitor(visitor)
        if sum(one.status is BatchStatus.RUNNING for one in theirs) >= MOST_OPEN:
            raise TooManyBatches(limit=MOST_OPEN)
        left = MOST_BYTES - store.size_of(one.batch_id for one in theirs)
        asked = sum(file.path.stat().st_size for file in files)
        waiting = [one for one in theirs if one.status is BatchStatus.PREPARED]
        for more, one in zip(range(len(waiting), 0, -1), waiting, strict=True):
            was_left = one.created_at < desk.now() - LEFT_AFTER
            if (more >= MOST_OPEN or (left < asked and was_left)) and desk.drop_prepared(one.batch_id):
                left += store.size_of([one.batch_id])
                store.delete([one.batch_id])
        return left

    async def _export(self, run_id: str, options: ExportOptions) -> Exported:
        return await self._service.exports.make(run_id, 0, options)

    async def _tend(self) -> None:
        """What a queue may have lost is put into it again."""
        while True:
            try:
                await asyncio.to_thread(self._tray.desk.settle_stopped)
                await self._queue_up()
            except DatabaseError as error:
                log.warning("batch.not_tended", reason=str(error))
            except Exception:
                log.exception("batch.tending_broke")
            await asyncio.sleep(TEND_EVERY_S)

    async def _queue_up(self) -> None:
        await self._tray.queue.put(await asyncio.to_thread(self._tray.desk.waiting))

    async def _kept(self, batch_id: str) -> Kept:
        kept = await asyncio.to_thread(self._tray.desk.get, batch_id) if BATCH_ID.fullmatch(batch_id) else None
        if kept is None:
            raise NoSuchBatch
        return kept

    async def _set_aside(self, kept: Kept, photos: int) -> None:
        """The worst case of so many photos, as it stands now."""
        if not photos:
            raise NothingToRun
        batch = kept.batch
        payer = Payer("", kept.visitor, batch.batch_id)
        estimate = await self._estimate(photos, batch.options.request, payer)
        if not await asyncio.to_thread(self._tray.ledger.plan, payer, estimate.worst_usd):
            raise OverBudget(worst_usd=estimate.worst_usd, left_usd=estimate.left_usd)

    async def _estimate(self, photos: int, request: SelectionRequest, payer: Payer) -> Estimate:
        selection = await self._service.select(request, visitor=payer.visitor)
        left = await asyncio.to_thread(self._tray.ledger.left_usd, payer)
        return estimate_of(photos, selection, self._models(), left, self._tray.at_once)

    def _check(self, options: BatchOptions) -> None:
        """Raises `NoSuchMarketplace`."""
        known = self._service.exports.rules
        for name in options.marketplaces:
            if name not in known:
                raise NoSuchMarketplace(marketplace=name, known=", ".join(known))

    def _models(self) -> dict[str, ModelInfo]:
        return {model.id: model for active in (True, False) for model in self._service.models(active=active)}

    def names(self) -> Mapping[str, str]:
        """Every model's name by its id."""
        return {model_id: model.name for model_id, model in self._models().items()}

    def _entries(self, report: BatchReport) -> Iterator[Entry]:
        """Reports last of all, so that a ZIP that is cut off is seen to be."""
        called = stems(report)
        for item in report.items:
            yield from self._files_of(item, called.get(item.number, ""))
        yield Entry("report.csv", report_csv(report))
        yield Entry("report.json", report_json(report))

    def _files_of(self, item: ItemReport, stem: str) -> Iterator[Entry]:
        folder = FOLDERS.get(item.state)
        if folder is None or item.run_id is None:
            return
        try:
            yield Entry(f"{folder}/{stem}.png", self._service.exports.cutout(item.run_id))
            for made in item.exports:
                if made.export:
                    path = self._service.exports.path(item.run_id, made.export)
                    yield Entry(f"{made.marketplace}/{stem}{path.suffix}", path)
        except FilesGone:
            return


def estimate_of(
    photos: int,
    selection: SelectionResult,
    models: Mapping[str, ModelInfo],
    left: Mapping[Cap, float],
    at_once: int,
) -> Estimate:
    """The worst case: every photo fails on every model of the plan, and on those that only rest right now."""
    objections = {one.model_id: one.objection for one in selection.candidates if one.objection}
    resting = [model_id for model_id, why in objections.items() if why.code is ObjectionCode.RESTING]
    worst = round(sum(models[model_id].price_usd for model_id in (*selection.plan, *resting)), 6)
    whole = round(worst * photos, 6)
    budget = min((usd for cap, usd in left.items() if cap is not Cap.RUN), default=None)
    first = models.get(selection.model_id or "")
    rounds = math.ceil(photos / at_once)
    return Estimate(
        photos=photos,
        plan=selection.plan,
        worst_photo_usd=worst,
        worst_usd=whole,
        typical_s=round(rounds * first.typical_seconds, 1) if first else 0.0,
        left_usd=budget,
        holds=budget is None or whole <= budget,
    )
