"""Who may write about a run: one owner at a time, for half a minute at a time.

A claim is won by compare-and-set, and every write about a run renews its lease in the same transaction; so a process
that stood still while another took over cannot write a word more.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from database import Database
from domain import RunStatus
from errors import DatabaseError, LeaseLost
from runs.tables import RunRow

log = structlog.get_logger("cutout_router")

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write about one run. The owner's name is new for every claim, within one process too."""

    run_id: str
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Leases:
    """`now` gives moments with a time zone."""

    database: Database
    now: Callable[[], datetime]
    lease: timedelta = LEASE

    def claim(self, run_id: str) -> Claim | None:
        """Take up a run whose lease has lapsed; None when it has not, or when somebody else was quicker."""
        claim = Claim(run_id)
        taken = {"owner": claim.owner, "lease_until": self.until(), "takes": RunRow.takes + 1}
        with self.database.write() as session:
            return claim if _changed(session, (RunRow.run_id == run_id, *self._lapsed()), taken) else None

    def hold(self, session: Session, claim: Claim) -> None:
        """Renew within the transaction of a write; a run that could not be written down is nobody else's.

        Raises:
            LeaseLost: the run is not ours, or it is over.
        """
        mine = (RunRow.run_id == claim.run_id, RunRow.owner == claim.owner, _running())
        if not _changed(session, mine, {"lease_until": self.until()}) and _written(session, claim.run_id):
            raise LeaseLost(claim.run_id)

    def renew(self, claim: Claim) -> None:
        with self.database.write() as session:
            self.hold(session, claim)

    def release(self, claim: Claim) -> None:
        """Let go of a run that is not over, so that the next process need not wait for the lease to lapse."""
        with self.database.write() as session:
            self.hold(session, claim)
            _changed(session, (RunRow.run_id == claim.run_id,), {"owner": None, "lease_until": None})

    def lapsed(self) -> list[str]:
        """Unfinished runs that nobody works on, the oldest first."""
        with self.database.read() as session:
            return list(session.scalars(select(RunRow.run_id).where(*self._lapsed()).order_by(RunRow.started_at)))

    def next_lapse(self) -> datetime | None:
        """When the first of the leases that are held ends, unless it is renewed."""
        with self.database.read() as session:
            return session.scalar(select(func.min(RunRow.lease_until)).where(_running()))

    def until(self) -> datetime:
        return self.now() + self.lease

    def _lapsed(self) -> tuple[ColumnElement[bool], ...]:
        return (_running(), or_(RunRow.lease_until.is_(None), RunRow.lease_until < self.now()))


async def keep(leases: Leases, claim: Claim, lost: Callable[[], None]) -> None:
    """Renew until cancelled; `lost` is called once, when another process has the run."""
    while True:
        await asyncio.sleep(leases.lease.total_seconds() / 3)
        try:
            await asyncio.to_thread(leases.renew, claim)
        except LeaseLost:
            lost()
            return
        except DatabaseError as error:
            log.warning("run.lease_not_renewed", run_id=claim.run_id, detail=str(error))


def _running() -> ColumnElement[bool]:
    return RunRow.status == RunStatus.RUNNING


def _written(session: Session, run_id: str) -> bool:
    return session.scalar(select(RunRow.run_id).where(RunRow.run_id == run_id)) is not None


def _changed(session: Session, where: tuple[ColumnElement[bool], ...], values: dict[str, object]) -> bool:
    statement = update(RunRow).where(*where).values(values).returning(RunRow.run_id)
    return session.execute(statement, execution_options={"synchronize_session": False}).first() is not None
