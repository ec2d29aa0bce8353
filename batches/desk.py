"""Batches in the database: which photo waits, who works on it, and what became of it.

The rows are the truth; a queue only says whose turn it is. A photo is claimed by compare-and-set for half a minute at a
time, as a run is, so whoever comes back after standing still cannot write a word about it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from batches.tables import BatchRow, ItemRow
from database import Database
from domain import AGAIN, OPEN, Batch, BatchItem, BatchOptions, BatchStatus, Estimate, ItemState

LEASE = timedelta(seconds=30)
MOST_AFRESH = 3  # tries: a photo that is lost so often is likely to be what interrupts
QUIET: dict[str, Any] = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class ItemKey:
    """One photo of one batch."""

    batch_id: str
    number: int


@dataclass(frozen=True, slots=True)
class ItemClaim:
    """The right to work on one photo. `run_id` is what an earlier worker began."""

    key: ItemKey
    owner: str
    item: BatchItem


@dataclass(frozen=True, slots=True)
class Brief:
    """A batch without its photos."""

    batch_id: str
    status: BatchStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch, who pays for it, and what its starter was told."""

    batch: Batch
    visitor: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Desk:
    """`now` gives moments with a time zone."""

    database: Database
    now: Callable[[], datetime]
    lease: timedelta = LEASE

    def create(self, batch: Batch, visitor: str, estimate: Estimate) -> None:
        row = BatchRow(batch_id=batch.batch_id, status=batch.status, visitor=visitor, created_at=batch.created_at)
        row.options, row.estimate = batch.options.model_dump(mode="json"), estimate.model_dump(mode="json")
        with self.database.write() as session:
            session.add(row)
            session.flush()
            session.add_all(_item_row(batch.batch_id, item) for item in batch.items)

    def change(self, batch_id: str, options: BatchOptions, estimate: Estimate) -> bool:
        """Other wishes before the start; False when it has been started, or there is no such batch."""
        told = {"options": options.model_dump(mode="json"), "estimate": estimate.model_dump(mode="json")}
        with self.database.write() as session:
            return _changed(session, batch_id, BatchStatus.PREPARED, **told)

    def get(self, batch_id: str) -> Kept | None:
        with self.database.read() as session:
            row = session.get(BatchRow, batch_id)
            return _kept(session, row) if row else None

    def terms(self, batch_id: str) -> tuple[BatchOptions, str] | None:
        """What is wished for every photo, and who pays."""
        columns = select(BatchRow.options, BatchRow.visitor).where(BatchRow.batch_id == batch_id)
        with self.database.read() as session:
            found = session.execute(columns).first()
        return (BatchOptions.model_validate(found.options), found.visitor) if found else None

    def status(self, batch_id: str) -> BatchStatus | None:
        with self.database.read() as session:
            found = session.scalar(select(BatchRow.status).where(BatchRow.batch_id == batch_id))
        return BatchStatus(found) if found else None

    def of_visitor(self, visitor: str) -> list[Brief]:
        """The batches of one visitor that are not forgotten yet, the oldest first."""
        columns = select(BatchRow.batch_id, BatchRow.status, BatchRow.created_at).where(BatchRow.visitor == visitor)
        with self.database.read() as session:
            rows = session.execute(columns.order_by(BatchRow.created_at))
            return [Brief(row.batch_id, BatchStatus(row.status), row.created_at) for row in rows]

    def drop_prepared(self, batch_id: str) -> bool:
        """False when it has been started meanwhile."""
        unstarted = (BatchRow.batch_id == batch_id, BatchRow.status == BatchStatus.PREPARED)
        with self.database.write() as session:
            return session.execute(delete(BatchRow).where(*unstarted).returning(BatchRow.batch_id)).first() is not None

    def close(self, batch_id: str) -> None:
        """A batch without a photo is over as soon as it is started."""
        with self.database.write() as session:
            _changed(session, batch_id, BatchStatus.PREPARED, status=BatchStatus.ENDED, ended_at=self.now())

    def begin(self, batch_id: str) -> bool:
        """False when somebody was quicker."""
        with self.database.write() as session:
            began = {"status": BatchStatus.RUNNING, "started_at": self.now()}
            return _changed(session, batch_id, BatchStatus.PREPARED, **began)

    def stop(self, batch_id: str) -> bool:
        """What waits is cancelled; who works on a photo finds out within a second."""
        with self.database.write() as session:
            stopped = {"status": BatchStatus.STOPPED, "ended_at": self.now()}
            if not _changed(session, batch_id, BatchStatus.RUNNING, **stopped):
                return False
            waits = (ItemRow.batch_id == batch_id, ItemRow.state == ItemState.WAITING)
            _set(session, waits, state=ItemState.CANCELLED)
            return True

    def again(self, batch_id: str) -> int:
        """Let every photo that failed wait for another run; answers with how many. Time between the end and now is not
        the batch's.
        """
        with self.database.write() as session:
            _held(session, batch_id)
            row = session.get(BatchRow, batch_id)
            begun = self.now() - (row.ended_at - row.started_at) if row and row.started_at and row.ended_at else None
            if not _changed(session, batch_id, *_OVER, status=BatchStatus.RUNNING, started_at=begun, ended_at=None):
                return 0
            failed = (ItemRow.batch_id == batch_id, ItemRow.state.in_(AGAIN))
            fresh: dict[str, Any] = {
                "state": ItemState.WAITING,
                "run_id": None,
                "note": None,
                "facts": {},
                "exports": [],
            }
            return _set(session, failed, tries=ItemRow.tries + 1, model_id=None, fallbacks=0, **fresh)

    def waiting(self) -> list[ItemKey]:
        """Photos that nobody works on, by their number, so that a small batch need not wait for a large one."""
        keys = select(ItemRow.batch_id, ItemRow.number).where(*self._free()).order_by(*_TURNS)
        with self.database.read() as session:
            return [ItemKey(*row) for row in session.execute(keys)]

    def take_next(self) -> ItemClaim | None:
        """Claim the photo whose turn it is; None when there is nothing to do."""
        first = select(ItemRow.batch_id, ItemRow.number).where(*self._free()).order_by(*_TURNS).limit(1)
        while True:
            with self.database.read() as session:
                found = session.execute(first).first()
            if found is None:
                return None
            claim = self.claim(ItemKey(*found))
            if claim:
                return claim

    def claim(self, key: ItemKey) -> ItemClaim | None:
        """None when it is over, when somebody else works on it, or when its batch was stopped."""
        owner = uuid.uuid4().hex
        taken = {"state": ItemState.WORKING, "owner": owner, "lease_until": self.now() + self.lease}
        with self.database.write() as session:
            if not _set(session, (*_is(key), *self._free()), **taken):
                return None
            return ItemClaim(key, owner, _item(session.get_one(ItemRow, (key.batch_id, key.number))))

    def renew(self, claim: ItemClaim) -> bool:
        """False when somebody else works on it by now."""
        with self.database.write() as session:
            return bool(_set(session, _mine(claim), lease_until=self.now() + self.lease))

    def note_run(self, claim: ItemClaim, run_id: str) -> None:
        with self.database.write() as session:
            _set(session, _mine(claim), run_id=run_id)

    def afresh(self, claim: ItemClaim) -> ItemClaim | None:
        """Another try within the same claim, under another key; None when there were too many, or it is not ours."""
        few = ItemRow.tries < MOST_AFRESH
        with self.database.write() as session:
            if not _set(session, (*_mine(claim), few), tries=ItemRow.tries + 1, run_id=None):
                return None
            key = claim.key
            return replace(claim, item=_item(session.get_one(ItemRow, (key.batch_id, key.number))))

    def run_of(self, key: ItemKey) -> str | None:
        """The run that was begun for a photo last."""
        with self.database.read() as session:
            return session.scalar(select(ItemRow.run_id).where(*_is(key)))

    def release(self, claim: ItemClaim) -> None:
        """Let the next worker go on; in a batch that was stopped nobody will."""
        with self.database.write() as session:
            stopped = _held(session, claim.key.batch_id) != BatchStatus.RUNNING
            state = ItemState.CANCELLED if stopped else ItemState.WAITING
            _set(session, _mine(claim), state=state, owner=None, lease_until=None)

    def finish(self, claim: ItemClaim, item: BatchItem) -> bool:
        """Write the outcome down; with the last photo the batch ends. False when the photo is not ours any more."""
        told = item.model_dump(mode="json", exclude={"number", "name", "tries"})
        with self.database.write() as session:
            _held(session, claim.key.batch_id)
            if not _set(session, _mine(claim), owner=None, lease_until=None, **told):
                return False
            self._close(session, claim.key.batch_id)
            return True

    def running(self) -> set[str]:
        """Batches that are not over, and those of which a photo is still being worked on."""
        working = select(ItemRow.batch_id).where(ItemRow.state == ItemState.WORKING)
        with self.database.read() as session:
            busy = or_(BatchRow.status == BatchStatus.RUNNING, BatchRow.batch_id.in_(working))
            return set(session.scalars(select(BatchRow.batch_id).where(busy)))

    def settle_stopped(self) -> None:
        """Photos whose worker died after their batch was stopped: nobody else takes them up."""
        stopped = select(BatchRow.batch_id).where(BatchRow.status != BatchStatus.RUNNING)
        lapsed = (ItemRow.state == ItemState.WORKING, ItemRow.lease_until < self.now())
        with self.database.write() as session:
            over = {"state": ItemState.CANCELLED, "owner": None, "lease_until": None}
            _set(session, (*lapsed, ItemRow.batch_id.in_(stopped)), **over)

    def forget(self, older_than: timedelta) -> list[str]:
        """Delete batches that began so long ago and are over; answers with their ids."""
        old = (BatchRow.created_at < self.now() - older_than, BatchRow.status != BatchStatus.RUNNING)
        with self.database.write() as session:
            ids = list(session.scalars(select(BatchRow.batch_id).where(*old)))
            session.execute(delete(BatchRow).where(BatchRow.batch_id.in_(ids)))
        if ids:
            self.database.scrub()
        return ids

    def delete(self, batch_id: str) -> None:
        """Whoever still works on one of its photos has nothing to write about any more."""
        with self.database.write() as session:
            session.execute(delete(BatchRow).where(BatchRow.batch_id == batch_id))
        self.database.scrub()

    def _free(self) -> tuple[ColumnElement[bool], ...]:
        lapsed = and_(ItemRow.state == ItemState.WORKING, ItemRow.lease_until < self.now())
        runs = exists().where(BatchRow.batch_id == ItemRow.batch_id, BatchRow.status == BatchStatus.RUNNING)
        return (or_(ItemRow.state == ItemState.WAITING, lapsed), runs)

    def _close(self, session: Session, batch_id: str) -> None:
        left = select(func.count()).where(ItemRow.batch_id == batch_id, ItemRow.state.in_(OPEN))
        if not session.scalar(left):
            _changed(session, batch_id, BatchStatus.RUNNING, status=BatchStatus.ENDED, ended_at=self.now())


_OVER = (BatchStatus.ENDED, BatchStatus.STOPPED)
_TURNS = (ItemRow.number, ItemRow.batch_id)


def _is(key: ItemKey) -> tuple[ColumnElement[bool], ...]:
    return (ItemRow.batch_id == key.batch_id, ItemRow.number == key.number)


def _mine(claim: ItemClaim) -> tuple[ColumnElement[bool], ...]:
    return (*_is(claim.key), ItemRow.owner == claim.owner, ItemRow.state == ItemState.WORKING)


def _set(session: Session, where: tuple[ColumnElement[bool], ...], **values: Any) -> int:
    """How many rows were changed."""
    statement = update(ItemRow).where(*where).values(**values).returning(ItemRow.number)
    return len(session.execute(statement, execution_options=QUIET).all())


def _held(session: Session, batch_id: str) -> str | None:
    """The status of a batch, which nobody changes before this transaction ends: of the two who finish the last two
    photos at once, one has to see the other. Always before the photos themselves, as `stop` does.
    """
    return session.scalar(select(BatchRow.status).where(BatchRow.batch_id == batch_id).with_for_update())


def _changed(session: Session, batch_id: str, *before: BatchStatus, **values: Any) -> bool:
    where = (BatchRow.batch_id == batch_id, BatchRow.status.in_(before))
    statement = update(BatchRow).where(*where).values(**values).returning(BatchRow.batch_id)
    return session.execute(statement, execution_options=QUIET).first() is not None


def _item_row(batch_id: str, item: BatchItem) -> ItemRow:
    return ItemRow(batch_id=batch_id, **item.model_dump(mode="json"))


def _item(row: ItemRow) -> BatchItem:
    return BatchItem(**{name: getattr(row, name) for name in BatchItem.model_fields})


def _kept(session: Session, row: BatchRow) -> Kept:
    items: Sequence[ItemRow] = session.scalars(
        select(ItemRow).where(ItemRow.batch_id == row.batch_id).order_by(ItemRow.number)
    ).all()
    batch = Batch(
        batch_id=row.batch_id,
        status=BatchStatus(row.status),
        options=BatchOptions.model_validate(row.options),
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        items=tuple(map(_item, items)),
    )
    return Kept(batch, row.visitor, Estimate.model_validate(row.estimate))
