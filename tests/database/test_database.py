"""Migrations, sessions, and the translation of errors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import batches.tables
import registry.tables
import runs.tables
from database import Base, Database, UtcDateTime, migrate
from errors import DatabaseError

TABLES = {
    *("models", "seeds", "registry_version", "runs", "attempts", "journal"),
    *("breakers", "idempotency_keys", "spend", "owners", "uploads"),
    *("batches", "batch_items", "provider_calls"),
}


def test_tables_and_migrations_agree(database: Database):
    rows = (registry.tables.ModelRow, runs.tables.RunRow, batches.tables.BatchRow)
    assert {row.metadata for row in rows} == {Base.metadata}
    with database.connection() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_makes_the_file_its_folder_and_every_table(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'a.db'}")
    migrate(database)
    assert set(sa.inspect(database.engine).get_table_names()) == TABLES | {"alembic_version"}
    database.close()


def test_migrating_twice_changes_nothing(database: Database):
    assert migrate(database) == migrate(database)


def test_processes_that_migrate_at_once_wait_for_each_other(tmp_path: Path):
    databases = [Database(f"sqlite:///{tmp_path / 'shared.db'}") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(migrate, databases))) == 1
    for database in databases:
        database.close()


def test_a_database_of_a_newer_version_is_refused_in_words(database: Database):
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"newer.*9999"):
        migrate(database)


def test_a_file_that_is_no_database_is_refused_without_a_statement(tmp_path: Path):
    path = tmp_path / "text.db"
    path.write_text("this is not a database, it is a text of more than a hundred bytes " * 4)
    with pytest.raises(DatabaseError, match="not a database"):
        migrate(Database(f"sqlite:///{path}"))


@pytest.mark.parametrize("table", ["attempts", "spend", "models"])
def test_a_database_that_has_lost_a_table_is_refused_and_the_table_named(database: Database, table: str):
    with database.write() as session:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.execute(text(f"DROP TABLE {table}"))
    with pytest.raises(DatabaseError, match=f"put a backup in its place.*no table {table}"):
        migrate(database)


UNUSABLE = [
    "nonsense",
    "oracle9://x",
    "postgresql+psycopg://u:secret@host:abc/x",
    "sqlite:////proc/no/such/folder/a.db",
]


@pytest.mark.parametrize("url", UNUSABLE)
def test_an_address_that_cannot_be_opened_is_refused(url: str):
    with pytest.raises(DatabaseError) as refused:
        migrate(Database(url))
    assert "secret" not in str(refused.value)


def test_a_write_that_fails_leaves_nothing_behind(database: Database):
    def fail() -> None:
        with database.write() as session:
            session.execute(text("UPDATE registry_version SET version = 77"))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as session:
        assert session.scalar(text("SELECT version FROM registry_version")) == 1


def test_what_a_read_session_changes_is_not_kept(database: Database):
    with database.read() as session:
        session.execute(text("UPDATE registry_version SET version = 77"))
    with database.read() as session:
        assert session.scalar(text("SELECT version FROM registry_version")) == 1


def test_no_change_is_lost_when_many_threads_read_and_write_the_same_row(database: Database):
    def add_one(_: int) -> None:
        with database.write() as session:
            version = session.scalar(text("SELECT version FROM registry_version"))
            session.execute(text("UPDATE registry_version SET version = :next"), {"next": version + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(64)))
    with database.read() as session:
        assert session.scalar(text("SELECT version FROM registry_version")) == 65


def test_sqlite_keeps_a_write_ahead_log_and_checks_foreign_keys(database: Database):
    with database.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_log_that_could_not_be_emptied_while_others_read_is_empty_after_the_end(tmp_path: Path):
    path, log = tmp_path / "test.db", tmp_path / "test.db-wal"
    database, other = Database(f"sqlite:///{path}"), Database(f"sqlite:///{path}")
    migrate(database)
    with other.read() as session:
        session.execute(text("SELECT version FROM registry_version"))
        with database.write() as writing:
            writing.execute(text("UPDATE registry_version SET version = 7"))
        database.scrub()
        assert log.stat().st_size > 0
    database.close()
    assert not log.exists() or log.stat().st_size == 0
    other.close()


def test_moments_come_back_in_utc_and_naive_ones_are_refused(database: Database):
    noon_in_moscow = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    column, dialect = UtcDateTime(), database.engine.dialect
    stored = column.process_bind_param(noon_in_moscow, dialect)
    assert column.process_result_value(stored, dialect) == datetime(2026, 1, 1, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        column.process_bind_param(datetime(2026, 1, 1), dialect)
