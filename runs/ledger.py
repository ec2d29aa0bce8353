"""The spend ledger: reserved before anything is bought, settled after, and never over a cap.

A row is what one model may cost, or did cost, in one run. Whole millionths of a dollar, so that sums are exact. Days
and months are those of UTC, and money counts on the day it was reserved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, delete, func, not_, or_, select, update
from sqlalchemy.orm import Session

from database import Database
from domain import Cap, Outcome, RunStatus, SpendReport, Spent
from runs.journal import Now
from runs.survivable import survivable
from runs.tables import AttemptRow, RunRow, SpendRow

LOCK = 0x7370656E64
MICROS = 1_000_000
PLAN = "batch"  # stands where runs name the model
ORPHAN_AFTER = timedelta(hours=1)
VISITORS_KNOWN_FOR = timedelta(days=2)


class Money(StrEnum):
    """RESERVED may be paid, SETTLED was, UNSURE may have been and nobody can say. PLANNED is set aside for runs of a
    batch that have not begun.
    """

    PLANNED = "planned"
    RESERVED = "reserved"
    SETTLED = "settled"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose money it is: one run of one visitor. An unknown visitor shares one purse with all unknown ones. A run of a
    `batch` takes what was set aside for that.
    """

    run_id: str
    visitor: str = ""
    batch: str = ""


class Ledger:
    """`caps` are in US dollars; a cap that is not set holds nobody back."""

    def __init__(self, database: Database, now: Now, caps: Mapping[Cap, float]) -> None:
        self._database = database
        self._now = now
        self._caps = {cap: math.floor(usd * MICROS + 0.5) for cap, usd in caps.items()}

    def left_usd(self, payer: Payer) -> dict[Cap, float]:
        """What is left of each cap for this payer; what it has reserved itself counts as left."""
        with self._database.read() as session:
            return {cap: micros / MICROS for cap, micros in self._left(session, payer).items()}

    def reserve(self, payer: Payer, prices_usd: Mapping[str, float]) -> bool:
        """Keep the price of every model for this run, or of none: False when a cap would not hold them all."""
        wanted = {model_id: micros_of(usd) for model_id, usd in prices_usd.items() if usd > 0}
        if not wanted:
            return True
        with self._database.alone(LOCK) as session:
            return self._keep(session, payer, wanted)

    def reserve_what_fits(self, payer: Payer, choose: Callable[[dict[Cap, float]], Mapping[str, float]]) -> bool:
        """As `reserve`, for the prices that `choose` makes of what is left, which nobody can take meanwhile."""
        with self._database.alone(LOCK) as session:
            left = {cap: micros / MICROS for cap, micros in self._left(session, payer).items()}
            wanted = {model_id: micros_of(usd) for model_id, usd in choose(left).items() if usd > 0}
            return self._keep(session, payer, wanted)

    def plan(self, payer: Payer, usd: float) -> bool:
        """Set the price of a whole batch aside, in place of what was set aside before: False when a cap would not
        hold it. The cap of a single run is no cap of a batch.
        """
        micros = micros_of(usd)
        with self._database.alone(LOCK) as session:
            left = self._left(session, payer)
            if any(micros > rest for cap, rest in left.items() if cap is not Cap.RUN):
                return False
            session.execute(delete(SpendRow).where(*_plan_of(payer.batch)))
            if micros:
                row = {"run_id": payer.batch, "model_id": PLAN, "visitor": payer.visitor}
                session.add(SpendRow(**row, state=Money.PLANNED, micros=micros, at=self._now()))
            return True

    @survivable
    def drop_plan(self, batch: str) -> None:
        """The batch is over: what it set aside and did not need goes back."""
        with self._database.write() as session:
            session.execute(delete(SpendRow).where(*_plan_of(batch)))

    def plans(self) -> list[str]:
        """The batches that have set money aside, but for those that did so only just now."""
        old = SpendRow.at < self._now() - ORPHAN_AFTER
        with self._database.read() as session:
            return list(session.scalars(select(SpendRow.run_id).where(SpendRow.state == Money.PLANNED, old)))

    @survivable
    def settle(self, run_id: str, model_id: str, cost_usd: float) -> None:
        """What the model did cost: a canceled call costs its price, an aborted one nothing."""
        self._change(run_id, model_id, Money.SETTLED, micros_of(cost_usd))

    @survivable
    def hold(self, run_id: str, model_id: str, cost_usd: float) -> None:
        """Nobody can say whether it was bought, so its money stays reserved until `settle`."""
        self._change(run_id, model_id, Money.UNSURE, micros_of(cost_usd))

    @survivable
    def release(self, run_id: str) -> None:
        """At the end of a run: what it reserved and did not need. What was paid or is unsure stays, also where a line
        about it could not be written at the time.
        """
        with self._database.write() as session:
            _wind_up(session, *_mine(run_id))

    @survivable
    def tidy(self) -> None:
        """Give back what runs that are over reserved and did not need; forget who paid the day before yesterday."""
        now = self._now()
        running = select(RunRow.run_id).where(RunRow.status == RunStatus.RUNNING)
        orphan = (SpendRow.at < now - ORPHAN_AFTER, SpendRow.run_id.not_in(running))
        old = (SpendRow.visitor != "", SpendRow.at < now - VISITORS_KNOWN_FOR)
        with self._database.write() as session:
            _wind_up(session, *orphan)
            session.execute(update(SpendRow).where(*old).values(visitor=""))

    def report(self) -> SpendReport:
        """The owner's view of today and of this month."""
        now = self._now()
        with self._database.read() as session:
            month = _sums(session, SpendRow.at >= _month(now))
            day = _sums(session, SpendRow.at >= _day(now))
        return SpendReport(
            day=_total(day.values()),
            month=_total(month.values()),
            models=month,
            caps_usd={cap: micros / MICROS for cap, micros in self._caps.items()},
        )

    def _keep(self, session: Session, payer: Payer, wanted: Mapping[str, int]) -> bool:
        if any(sum(wanted.values()) > left for left in self._left(session, payer).values()):
            return False
        session.execute(delete(SpendRow).where(*_mine(payer.run_id), SpendRow.state == Money.RESERVED))
        known = set(session.scalars(select(SpendRow.model_id).where(*_mine(payer.run_id))))
        session.add_all(self._row(payer, key, micros) for key, micros in wanted.items() if key not in known)
        planned = session.get(SpendRow, (payer.batch, PLAN))
        if planned:
            planned.micros = max(0, planned.micros - sum(wanted.values()))
        return True

    def _left(self, session: Session, payer: Payer) -> dict[Cap, int]:
        now = self._now()
        others = or_(SpendRow.run_id != payer.run_id, SpendRow.state != Money.RESERVED)
        if payer.batch:
            others = and_(others, not_(and_(*_plan_of(payer.batch))))
        scopes: dict[Cap, tuple[ColumnElement[bool], ...]] = {
            Cap.RUN: (SpendRow.run_id == payer.run_id,),
            Cap.VISITOR: (SpendRow.visitor == payer.visitor, SpendRow.at >= _day(now)),
            Cap.DAY: (SpendRow.at >= _day(now),),
            Cap.MONTH: (SpendRow.at >= _month(now),),
        }
        return {cap: whole - _sum(session, others, *scopes[cap]) for cap, whole in self._caps.items()}

    def _row(self, payer: Payer, model_id: str, micros: int) -> SpendRow:
        own = {"run_id": payer.run_id, "model_id": model_id, "visitor": payer.visitor}
        return SpendRow(**own, state=Money.RESERVED, micros=micros, at=self._now())

    def _change(self, run_id: str, model_id: str, state: Money, micros: int) -> None:
        """Money that is spent is written down, also when nothing was reserved for it."""
        with self._database.write() as session:
            row = session.get(SpendRow, (run_id, model_id), with_for_update=True)
            row = row or self._row(Payer(run_id), model_id, micros)
            row.state, row.micros = state, micros
            session.add(row)


def micros_of(usd: float) -> int:
    """Upwards, so that rounding never hides money; an error of floating point is not money."""
    return math.ceil(round(usd * MICROS, 3))


def _wind_up(session: Session, *over: ColumnElement[bool]) -> None:
    """What runs that are over left reserved goes back. But what was sent to a provider costs what its attempt says, and
    may cost its price where the attempt does not say.
    """
    for row in session.scalars(select(SpendRow).where(SpendRow.state == Money.RESERVED, *over).with_for_update()):
        attempt = session.scalars(_sent(row)).first()
        if attempt is None:
            session.delete(row)
        elif attempt.cost_usd is None or attempt.outcome == Outcome.UNSURE:
            row.state = Money.UNSURE
        else:
            row.state, row.micros = Money.SETTLED, micros_of(attempt.cost_usd)


def _sent(row: SpendRow) -> Select[AttemptRow]:
    """The attempt that the money was for, if its order was let out: the token is written down before that."""
    mine = (AttemptRow.run_id == row.run_id, AttemptRow.model_id == row.model_id, AttemptRow.token.is_not(None))
    return select(AttemptRow).where(*mine).order_by(AttemptRow.number.desc()).limit(1)


def _mine(run_id: str) -> tuple[ColumnElement[bool]]:
    return (SpendRow.run_id == run_id,)


def _plan_of(batch: str) -> tuple[ColumnElement[bool], ...]:
    return (SpendRow.run_id == batch, SpendRow.state == Money.PLANNED)


def _day(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _month(now: datetime) -> datetime:
    return _day(now).replace(day=1)


def _sum(session: Session, *where: ColumnElement[bool]) -> int:
    return int(session.scalars(select(func.coalesce(func.sum(SpendRow.micros), 0)).where(*where)).one())


def _sums(session: Session, since: ColumnElement[bool]) -> dict[str, Spent]:
    """By model, one column for each state."""
    columns = (SpendRow.model_id, SpendRow.state, func.sum(SpendRow.micros))
    found: dict[str, dict[str, float]] = {}
    for model_id, state, micros in session.execute(select(*columns).where(since).group_by(*columns[:2])):
        found.setdefault(model_id, {})[state] = int(micros) / MICROS
    return {model_id: _spent(sums) for model_id, sums in sorted(found.items())}


def _spent(sums: Mapping[str, float]) -> Spent:
    return Spent(
        paid_usd=sums.get(Money.SETTLED, 0.0),
        reserved_usd=sums.get(Money.RESERVED, 0.0) + sums.get(Money.PLANNED, 0.0),
        unsure_usd=sums.get(Money.UNSURE, 0.0),
    )


def _total(parts: Iterable[Spent]) -> Spent:
    kept = tuple(parts)
    return Spent(
        paid_usd=round(sum(one.paid_usd for one in kept), 6),
        reserved_usd=round(sum(one.reserved_usd for one in kept), 6),
        unsure_usd=round(sum(one.unsure_usd for one in kept), 6),
    )
