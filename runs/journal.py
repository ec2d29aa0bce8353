"""What happened, in the database: runs, attempts (written before anything is sent), and every event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from database import Database
from domain import Attempt, Fact, JournalEntry, PolicyFacts, RunStatus, SelectionResult
from errors import Trouble
from runs.events import RunResult
from runs.keys import KeyUse, use_key
from runs.leases import LEASE, Claim, Leases
from runs.report import Names, make_report
from runs.survivable import survivable
from runs.tables import AttemptRow, JournalRow, RunRow

Now = Callable[[], datetime]

LOCK = 0x6B657973  # of two that come with one key at once, the second finds the first


@dataclass(frozen=True, slots=True)
class Sent:
    """What an attempt that is not over has sent: its token, and when."""

    token: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A run as its last driver left it; `sent` is of its last attempt."""

    result: RunResult
    started_at: datetime
    takes: int
    sent: Sent


class Journal:
    """All writes commit before they return, and those about a run need its claim. `now` has a time zone.

    Only the start of an attempt and its token must be written: they are there before anything is bought.
    """

    def __init__(self, database: Database, now: Now, lease: timedelta = LEASE) -> None:
        self._database = database
        self._now = now
        self.leases = Leases(database, now, lease)

    @property
    def trouble(self) -> Trouble | None:
        """Why nothing can be written down at present."""
        return self._database.trouble

    def start_run(
        self,
        claim: Claim,
        result: RunResult,
        facts: PolicyFacts,
        photo_sha256: str,
        names: Names,
        key: KeyUse | None = None,
    ) -> str:
        """The run's row, claimed; or the id of the run that was started under the same key before.

        Raises:
            DatabaseError: nothing was written; a run without a key may go on without its row, and buy nothing.
        """
        row = RunRow(run_id=result.run_id, photo_sha256=photo_sha256, started_at=self._now())
        row.facts = facts.model_dump(mode="json")
        row.owner, row.lease_until, row.takes = claim.owner, self.leases.until(), 1
        _fill(row, result, names)
        with self._database.alone(LOCK) as session:
            earlier = use_key(session, key, self._now()) if key else None
            if earlier:
                return earlier
            session.add(row)
            session.flush()
            if key:
                session.add(key.row(result.run_id, self._now()))
        return result.run_id

    def end_run(self, claim: Claim, result: RunResult, names: Names, entry: JournalEntry) -> None:
        """`entry` says so in the journal: whoever ends a run has the last word on it. Raises `DatabaseError`."""
        with self._database.write() as session:
            self.leases.hold(session, claim)
            row = session.get_one(RunRow, result.run_id)
            row.ended_at, row.owner, row.lease_until = self._now(), None, None
            _fill(row, result, names)
            row.remarks = dict(result.remarks)
            session.add(self._line(entry))

    @survivable
    def note_selections(self, claim: Claim, result: RunResult, names: Names) -> None:
        """Every step down the plan, so that a restart goes on from the last one."""
        with self._database.write() as session:
            self.leases.hold(session, claim)
            _fill(session.get_one(RunRow, result.run_id), result, names)

    @survivable
    def note_remarks(self, claim: Claim, remarks: Mapping[str, Fact]) -> None:
        """What is to be said of the draft, should the run end with it without its driver."""
        with self._database.write() as session:
            self.leases.hold(session, claim)
            session.get_one(RunRow, claim.run_id).remarks = dict(remarks)

    def start_attempt(self, claim: Claim, attempt: Attempt) -> None:
        row = AttemptRow(run_id=claim.run_id, number=attempt.number, model_id=attempt.model_id, started_at=self._now())
        _close(row, attempt)
        with self._database.write() as session:
            self.leases.hold(session, claim)
            session.add(row)

    def note_sending(self, claim: Claim, number: int, token: str) -> None:
        """Before anything is bought, so that a restart can look for it at the provider."""
        self._note(claim, number, token=token, sent_at=self._now())

    @survivable
    def note_prediction(self, claim: Claim, number: int, prediction_id: str) -> None:
        """As soon as the provider has named the prediction, so that a restart can find it."""
        self._note(claim, number, prediction_id=prediction_id)

    def _note(self, claim: Claim, number: int, **values: object) -> None:
        mine = (AttemptRow.run_id == claim.run_id, AttemptRow.number == number)
        with self._database.write() as session:
            self.leases.hold(session, claim)
            session.execute(update(AttemptRow).where(*mine).values(**values))

    @survivable
    def end_attempt(self, claim: Claim, attempt: Attempt) -> None:
        mine = (AttemptRow.run_id == claim.run_id, AttemptRow.number == attempt.number)
        with self._database.write() as session:
            self.leases.hold(session, claim)
            _close(session.scalars(select(AttemptRow).where(*mine)).one(), attempt)

    @survivable
    def record(self, entry: JournalEntry, claim: Claim | None = None) -> None:
        """Of a run at work, with its claim; what happens to one that is over has none."""
        with self._database.write() as session:
            if claim:
                self.leases.hold(session, claim)
            session.add(self._line(entry))

    def _line(self, entry: JournalEntry) -> JournalRow:
        return JournalRow(at=self._now(), **entry.model_dump(mode="json"))

    def past(self, run_id: str) -> Past:
        """What is needed to go on with a run."""
        last = select(AttemptRow).where(AttemptRow.run_id == run_id).order_by(AttemptRow.number.desc()).limit(1)
        with self._database.read() as session:
            row, attempt = session.get_one(RunRow, run_id), session.scalars(last).first()
            sent = Sent(attempt.token, attempt.sent_at) if attempt else Sent()
            return Past(_result(row, _attempts(session, run_id)), row.started_at, row.takes, sent)

    def entries(self, run_id: str) -> list[JournalEntry]:
        """Everything that happened in a run, oldest first."""
        rows = select(JournalRow).where(JournalRow.run_id == run_id).order_by(JournalRow.id)
        with self._database.read() as session:
            return [_entry(row) for row in session.scalars(rows)]

    def result(self, run_id: str) -> RunResult | None:
        """A run as it stands in the database (its files are not looked for); None when the id is unknown."""
        with self._database.read() as session:
            row = session.get(RunRow, run_id)
            return _result(row, _attempts(session, run_id)) if row else None


def _fill(row: RunRow, result: RunResult, names: Names) -> None:
    report = make_report(result, names).model_dump(mode="json", exclude={"run_id", "attempts"})
    for column, value in report.items():
        setattr(row, column, value)
    row.selections = [selection.model_dump(mode="json") for selection in result.selections]


def _close(row: AttemptRow, attempt: Attempt) -> None:
    for column in ("outcome", "error", "facts", "seconds", "cost_usd"):
        setattr(row, column, getattr(attempt, column))
    row.prediction_id = attempt.prediction_id or row.prediction_id


def _attempts(session: Session, run_id: str) -> tuple[Attempt, ...]:
    rows = session.scalars(select(AttemptRow).where(AttemptRow.run_id == run_id).order_by(AttemptRow.number))
    return tuple(Attempt(**{name: getattr(row, name) for name in Attempt.model_fields}) for row in rows)


def _result(row: RunRow, attempts: tuple[Attempt, ...]) -> RunResult:
    return RunResult(
        run_id=row.run_id,
        status=RunStatus(row.status),
        model_id=row.model_id,
        selections=tuple(SelectionResult.model_validate(selection) for selection in row.selections),
        attempts=attempts,
        files=None,
        seconds=row.seconds,
        remarks=row.remarks or {},
    )


def _entry(row: JournalRow) -> JournalEntry:
    return JournalEntry(**{name: getattr(row, name) for name in JournalEntry.model_fields})
