"""One engine, two kinds of session: `read` and `write`.

On SQLite a write begins with `BEGIN IMMEDIATE`, so that a read followed by a write never loses the race for the lock
(https://www.sqlite.org/lang_transaction.html), and the journal is a write-ahead log (https://www.sqlite.org/wal.html).
There one writes at a time; on PostgreSQL many do, and what reads before it writes is `alone` or locks its row first.

A file that was deleted or replaced while it is open can still be written to, and nobody would ever read that again
(https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use): before every write the
file is looked at.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from database.trouble import ADVICE, trouble_of
from errors import DatabaseError, Trouble

SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
PATIENCE_S = 30.0  # how long a write waits for the lock
IMPATIENCE_S = 0.25  # and how long while the last one failed
HASTE_S = 0.1  # and after `WORTH_WAITING_UNTIL`; not at all when the last one failed as well
WORTH_WAITING_UNTIL: ContextVar[float] = ContextVar("worth_waiting_until", default=float("inf"))
"""On `time.monotonic`: until when this task, and the threads that it writes in, wait for a lock."""


@contextmanager
def database_errors() -> Iterator[None]:
    """SQLAlchemy's errors become `DatabaseError`, without the statement and its values."""
    try:
        yield
    except SQLAlchemyError as error:
        reason, trouble = str(getattr(error, "orig", None) or type(error).__name__), trouble_of(error)
        raise DatabaseError(f"{ADVICE[trouble or Trouble.OTHER]} ({reason})", trouble, reason=reason) from error


class Database:
    """The engine behind `url`; opening connects lazily, `close` gives the connections back.

    `trouble` is what went wrong last, until a write succeeds again.
    """

    def __init__(self, url: str, patience_s: float = PATIENCE_S) -> None:
        self._trouble: Trouble | None = None
        self._patience_s = patience_s
        self.engine = _create_engine(url)
        self._file = File(_file_of(self.engine))
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "do_connect", self._before_connect)
            event.listen(self.engine, "connect", self._on_connect)
            event.listen(self.engine, "begin", self._on_begin)
        self._writer = self.engine.execution_options(immediate=True)
        steady = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reader = self.engine.execution_options(**steady)

    @property
    def trouble(self) -> Trouble | None:
        return Trouble.MISSING if self._file.gone else self._trouble

    @trouble.setter
    def trouble(self, trouble: Trouble | None) -> None:
        self._trouble = trouble

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session on one consistent snapshot; nothing it changes is kept."""
        with self._noted(), Session(self._reader) as session, session.begin() as transaction:
            yield session
            transaction.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at its end, or leaves the database untouched."""
        with self._noted(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            before = _changes(session) if self.trouble else None
            yield session
            session.flush()
            proven = before is None or _changes(session) != before
        self._trouble = None if proven else self._trouble

    def recheck(self) -> None:
        """In trouble: find out by a write whether it is over."""
        if self.trouble:
            with suppress(DatabaseError), self.write() as session:
                session.execute(text("UPDATE alembic_version SET version_num = version_num"))

    @contextmanager
    def alone(self, key: int) -> Iterator[Session]:
        """A writing session that no other one with the same key runs beside, in any process."""
        with self.write() as session:
            if self.engine.dialect.name == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A writing connection for migrations; commits at its end."""
        with database_errors(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            with database_errors():
                yield
        except DatabaseError as error:
            self._trouble = error.trouble or self._trouble
            raise

    def _before_connect(self, *_: object) -> None:
        """SQLite would make an empty file where ours is gone."""
        if self._file.gone:
            raise _gone()

    def _on_connect(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        self._file.note()

    def _on_begin(self, connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        if immediate and self._file.gone:
            raise _gone()
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(self._patience() * 1000)}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    def _patience(self) -> float:
        """Seconds."""
        left_s = WORTH_WAITING_UNTIL.get() - time.monotonic()
        if self.trouble:
            return min(self._patience_s, IMPATIENCE_S, max(0.0, left_s))
        return min(self._patience_s, max(HASTE_S, left_s))

    def scrub(self) -> None:
        """What was deleted leaves the write-ahead log of SQLite as well, which would keep it until it is written over.

        While others read it cannot be emptied: whoever scrubs next, or `close`, does it then.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with (
            suppress(SQLAlchemyError, sqlite3.Error, DatabaseError),
            closing(self.engine.raw_connection()) as connection,
        ):
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={int(IMPATIENCE_S * 1000)}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self.scrub()
        self.engine.dispose()


class File:
    """The file that was opened first; None for a database that is no file, and never gone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._opened: tuple[int, int] | None = None

    @property
    def gone(self) -> bool:
        """Whether it was opened, and something else or nothing is in its place now."""
        return self._opened is not None and self._opened != self._there()

    def note(self) -> None:
        self._opened = self._opened or self._there()

    def _there(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found else None


def _gone() -> DatabaseError:
    return DatabaseError(f"{ADVICE[Trouble.MISSING]} (its file was deleted or replaced)", Trouble.MISSING)


def _changes(session: Session) -> int | None:
    """How many rows this connection has changed so far; a write that changes none proves nothing. None if unknown."""
    changes: int | None = getattr(session.connection().connection.driver_connection, "total_changes", None)
    return changes


def _create_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        engine = create_engine(parsed, pool_pre_ping=not parsed.drivername.startswith("sqlite"))
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        raise DatabaseError("DATABASE_URL names no database that can be opened", Trouble.MISSING) from error
    _make_parent(_file_of(engine))
    return engine


def _file_of(engine: Engine) -> Path | None:
    """None for a database in memory or elsewhere."""
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    return Path(path) if path and path != ":memory:" and not path.startswith("file:") else None


def _make_parent(path: Path | None) -> None:
    if path:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError(
                f"{ADVICE[Trouble.MISSING]} (its folder cannot be made: {error.strerror})", Trouble.MISSING
            ) from error
