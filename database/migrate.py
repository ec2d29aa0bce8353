"""Migrations at start, one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, inspect, text

from database.base import Base
from database.engine import Database
from database.trouble import ADVICE
from errors import DatabaseError, Trouble

HERE = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x6375746F7574


def migrate(database: Database) -> str:
    """Bring the database to the newest revision and return it; a second process waits for the first.

    Raises `DatabaseError` when the database was made by a newer version of the program, or has lost a table.
    """
    scripts = ScriptDirectory(str(HERE))
    newest = scripts.get_current_head() or ""
    with database.connection() as connection:
        _lock(connection)
        current = MigrationContext.configure(connection).get_current_revision()
        _refuse_newer(scripts, current)
        if current != newest:
            command.upgrade(_config(connection), "head")
        _refuse_incomplete(connection)
    return newest


def _lock(connection: Connection) -> None:
    """SQLite's `BEGIN IMMEDIATE` is the lock already; PostgreSQL takes one that ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def _refuse_newer(scripts: ScriptDirectory, current: str | None) -> None:
    try:
        scripts.get_revision(current or "base")
    except CommandError as error:
        raise DatabaseError(
            f"{ADVICE[Trouble.NEWER]} (its revision {current} is unknown here)", Trouble.NEWER
        ) from error


def _refuse_incomplete(connection: Connection) -> None:
    """The revision says which tables there should be; somebody may have taken one away."""
    missing = sorted(set(Base.metadata.tables) - set(inspect(connection).get_table_names()))
    if missing:
        raise DatabaseError(f"{ADVICE[Trouble.CORRUPT]} (it has no table {', '.join(missing)})", Trouble.CORRUPT)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
