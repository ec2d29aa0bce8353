"""What happened, in the database: runs, attempts (written before anything is sent), and every event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from database import Database
from domain import Attempt, JournalEntry, PolicyFacts, RunStatus, SelectionResult
from errors import Trouble
from runs.events import RunResult
from runs.report import Names, make_report
from runs.survivable import survivable
from runs.tables import AttemptRow, JournalRow, RunRow

Now = Callable[[], datetime]


class Journal:
    """All writes commit before they return. `now` gives moments with a time zone.

    Only the start of an attempt must be written: it needs its run's row and is there before anything is bought.
    """

    def __init__(self, database: Database, now: Now) -> None:
        self._database = database
        self._now = now

    @property
    def trouble(self) -> Trouble | None:
        """Why nothing can be written down at present."""
        return self._database.trouble

    @survivable
    def start_run(self, result: RunResult, facts: PolicyFacts, photo_sha256: str, names: Names) -> None:
        row = RunRow(run_id=result.run_id, photo_sha256=photo_sha256, started_at=self._now())
        row.facts = facts.model_dump(mode="json")
        _fill(row, result, names)
        with self._database.write() as session:
            session.add(row)

    @survivable
    def end_run(self, result: RunResult, names: Names) -> None:
        with self._database.write() as session:
            row = session.get_one(RunRow, result.run_id)
            row.ended_at = self._now()
            _fill(row, result, names)

    def start_attempt(self, run_id: str, attempt: Attempt) -> None:
        row = AttemptRow(run_id=run_id, number=attempt.number, model_id=attempt.model_id, started_at=self._now())
        _close(row, attempt)
        with self._database.write() as session:
            session.add(row)

    @survivable
    def note_prediction(self, run_id: str, number: int, prediction_id: str) -> None:
        """As soon as the provider has named the prediction, so that a restart can find it."""
        mine = (AttemptRow.run_id == run_id, AttemptRow.number == number)
        with self._database.write() as session:
            session.execute(update(AttemptRow).where(*mine).values(prediction_id=prediction_id))

    @survivable
    def end_attempt(self, run_id: str, attempt: Attempt) -> None:
        mine = (AttemptRow.run_id == run_id, AttemptRow.number == attempt.number)
        with self._database.write() as session:
            _close(session.scalars(select(AttemptRow).where(*mine)).one(), attempt)

    @survivable
    def record(self, entry: JournalEntry) -> None:
        with self._database.write() as session:
            session.add(JournalRow(at=self._now(), **entry.model_dump(mode="json")))

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
    )


def _entry(row: JournalRow) -> JournalEntry:
    return JournalEntry(**{name: getattr(row, name) for name in JournalEntry.model_fields})
