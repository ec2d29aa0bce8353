"""Real SQLite files in trouble: a start that says what to do, or a program that goes on without buying."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from api import build_rest
from app import Core, build_core
from database import Database, migrate
from database.trouble import ADVICE
from domain import Language, Outcome, RunStatus, SelectionRequest
from errors import DatabaseError, Trouble
from tests.conftest import SettingsMaker
from tests.cores import QUICK
from tests.fakes.behaviours import Behaviour, Reply
from tests.fakes.replicate_server import V2, ReplicateServer
from tests.runs.running import run
from tests.ui.updates import asking
from ui.welcome import greet
from wording import say

NUMBERS = {"INTEGER", "BIGINT", "DOUBLE"}


def on_every_connection(database: Database, pragma: str) -> None:
    """What a disk or a right would do to this process; connections that are open are closed."""
    database.engine.dispose()

    @event.listens_for(database.engine, "connect")
    def set_it(connection, _record):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def locked(database: Database) -> Iterator[None]:
    other = Database(str(database.engine.url))
    with other.write() as session:
        session.execute(text("SELECT 1"))
        yield
    other.close()


def fill(database: Database) -> None:
    """No page more than there are, and those of the tables that a run writes are full of small rows."""
    raw = sqlite3.connect(database.engine.url.database, isolation_level=None)
    [(pages,)] = raw.execute("PRAGMA page_count").fetchall()
    raw.execute(f"PRAGMA max_page_count={pages}").fetchall()
    for table in ("runs", "attempts", "journal", "spend"):
        types = [column[2] for column in raw.execute(f"PRAGMA table_info({table})").fetchall()]
        with suppress(sqlite3.OperationalError):
            for number in itertools.count(1000):
                row = [number if kind in NUMBERS else f"{number}" for kind in types]
                raw.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
    raw.close()
    on_every_connection(database, f"max_page_count={pages}")


def only_read(database: Database) -> None:
    on_every_connection(database, "query_only=ON")


def damage(database: Database) -> None:
    path = Path(database.engine.url.database)
    database.engine.dispose()
    data = bytearray(path.read_bytes())
    data[100:] = b"\x5a" * (len(data) - 100)
    path.write_bytes(data)


def move_away(database: Database) -> None:
    """The file goes, and a folder stands in its place."""
    path = Path(database.engine.url.database)
    database.engine.dispose()
    path.unlink()
    path.mkdir()


TROUBLES: dict[Trouble, Callable[[Database], None]] = {
    Trouble.READ_ONLY: only_read,
    Trouble.FULL: fill,
    Trouble.CORRUPT: damage,
    Trouble.MISSING: move_away,
}


def test_every_trouble_has_its_advice_and_its_words():
    assert set(ADVICE) == set(Trouble)


def write_much(database: Database) -> None:
    with database.write() as session:
        session.execute(text("INSERT INTO seeds (model_id, entry) VALUES ('x', :much)"), {"much": f'"{"x" * 100_000}"'})


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_write_in_trouble_names_it_and_says_what_to_do(database: Database, trouble: Trouble, tmp_path: Path):
    TROUBLES[trouble](database)
    with pytest.raises(DatabaseError) as refused:
        write_much(database)
    assert refused.value.trouble is trouble
    assert str(refused.value).startswith(ADVICE[trouble])
    assert "INSERT" not in str(refused.value)
    assert database.trouble is trouble


def test_a_lock_that_another_holds_is_named_and_forgotten_once_a_write_succeeds(database: Database):
    quick = Database(str(database.engine.url), patience_s=0.01)
    with locked(database), pytest.raises(DatabaseError) as refused:
        write_much(quick)
    assert refused.value.trouble is quick.trouble is Trouble.LOCKED
    write_much(quick)
    assert quick.trouble is None
    quick.close()


def test_a_write_that_changes_nothing_does_not_prove_that_the_trouble_is_over(database: Database):
    database.trouble = Trouble.FULL
    with database.write() as session:
        session.execute(text("DELETE FROM spend"))
    assert database.trouble is Trouble.FULL
    database.recheck()
    assert database.trouble is None


def test_a_look_at_a_database_that_is_still_in_trouble_leaves_it_so(database: Database):
    only_read(database)
    database.trouble = Trouble.READ_ONLY
    database.recheck()
    assert database.trouble is Trouble.READ_ONLY


def test_a_statement_that_is_wrong_is_no_trouble_of_the_database(database: Database):
    with pytest.raises(DatabaseError), database.write() as session:
        session.execute(text("INSERT INTO registry_version (id, version) VALUES (1, 1)"))
    assert database.trouble is None


def delete(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def put_another(path: Path) -> None:
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    copy.replace(path)


@pytest.mark.parametrize("lose", [delete, put_another])
def test_a_file_that_goes_while_it_is_open_is_noticed_before_the_next_write_and_no_empty_one_is_made(
    database: Database, lose: Callable[[Path], None]
):
    write_much(database)
    path = Path(database.engine.url.database)
    lose(path)
    there = path.exists()
    assert database.trouble is Trouble.MISSING
    with pytest.raises(DatabaseError, match="its file was deleted or replaced"):
        write_much(database)
    database.engine.dispose()
    with pytest.raises(DatabaseError, match="its file was deleted or replaced"), database.read() as session:
        session.execute(text("SELECT 1"))
    assert path.exists() is there


def test_a_file_that_comes_back_is_written_to_again(database: Database):
    write_much(database)
    path = Path(database.engine.url.database)
    away = path.rename(path.with_name("away.db"))
    database.recheck()
    assert database.trouble is Trouble.MISSING
    away.rename(path)
    database.recheck()
    assert database.trouble is None


def test_without_its_file_nothing_is_bought_and_health_says_so_at_once(hosted_core: Core, replicate: ReplicateServer):
    run(hosted_core.service)
    delete(Path(hosted_core.database.engine.url.database))
    told = TestClient(build_rest(hosted_core.service)).get("/health")
    assert (told.status_code, told.json()["database"]["trouble"]) == (503, Trouble.MISSING)
    assert run(hosted_core.service).model_id == "embedded"
    assert len(replicate.jobs) == 1


def test_a_file_that_goes_while_a_run_waits_to_buy_is_noticed_before_it_does(
    hosted_core: Core, replicate: ReplicateServer
):
    path = Path(hosted_core.database.engine.url.database)
    replicate.script(V2, Behaviour(creation=Reply(500), on_creation=lambda: delete(path)))
    result = run(hosted_core.service)
    assert (result.status, result.model_id) == (RunStatus.DRAFT, "embedded")
    assert len(replicate.creations) == 1


@pytest.mark.parametrize("trouble", [Trouble.READ_ONLY, Trouble.CORRUPT, Trouble.MISSING])
def test_a_start_in_trouble_is_refused_with_what_to_do(database: Database, trouble: Trouble):
    TROUBLES[trouble](database)
    with pytest.raises(DatabaseError, match=ADVICE[trouble]):
        migrate(database)


def test_a_full_disk_refuses_the_start_of_a_new_database(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    on_every_connection(database, "max_page_count=3")
    with pytest.raises(DatabaseError, match=ADVICE[Trouble.FULL]):
        migrate(database)
    database.close()


def test_the_program_does_not_start_on_a_file_that_is_no_database_and_says_what_to_do(make_settings: SettingsMaker):
    settings = make_settings()
    settings.data_dir.mkdir()
    (settings.data_dir / "cutout-router.db").write_bytes(b"no database, " * 200)
    with pytest.raises(DatabaseError, match="put a backup in its place"):
        build_core(settings, QUICK)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_in_trouble_nothing_is_bought_local_engines_work_and_everybody_is_told(
    hosted_core: Core, replicate: ReplicateServer, trouble: Trouble
):
    hosted_core.service.models()
    TROUBLES[trouble](hosted_core.database)
    result = run(hosted_core.service)
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "embedded")
    assert result.files.cutout.exists()
    assert replicate.jobs == []
    assert "nothing is bought that is not" in hosted_core.service.report(result).explanation
    told = TestClient(build_rest(hosted_core.service)).get("/health")
    assert (told.status_code, told.json()["database"]["trouble"]) == (503, trouble)
    v2 = next(one for one in hosted_core.service.model_states() if one.model.id == "flux-kontext-lora-v2")
    assert say("trouble_name." + trouble, {}, Language.RU) in say(v2.statement.code, v2.statement.facts, Language.RU)


def test_when_the_lock_is_gone_the_next_run_buys_again(hosted_core: Core, replicate: ReplicateServer):
    hosted_core.database.trouble = Trouble.LOCKED
    local = run(hosted_core.service)
    assert (local.model_id, replicate.jobs) == ("embedded", [])
    assert run(hosted_core.service).model_id == "flux-kontext-lora-v2"


def test_a_disk_that_fills_after_the_plan_was_made_buys_nothing_and_keeps_the_draft(
    hosted_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    start = hosted_core.journal.start_attempt

    def start_too_late(*entry):
        only_read(hosted_core.database)
        start(*entry)

    monkeypatch.setattr(hosted_core.journal, "start_attempt", start_too_late)
    result = run(hosted_core.service)
    assert (result.status, result.model_id, result.attempts) == (RunStatus.DRAFT, "embedded", ())
    assert replicate.jobs == []
    assert "nothing could be written down" in hosted_core.service.report(result).explanation


def test_a_cutout_that_was_bought_is_delivered_although_its_end_cannot_be_written(
    hosted_core: Core, replicate: ReplicateServer
):
    replicate.script(V2, Behaviour(on_creation=lambda: only_read(hosted_core.database)))
    result = run(hosted_core.service)
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "flux-kontext-lora-v2")
    assert result.attempts[0].outcome is Outcome.SUCCEEDED
    with Database(str(hosted_core.database.engine.url)).read() as session:
        assert session.execute(text("SELECT state, micros FROM spend ORDER BY micros DESC")).all()[0] == (
            "reserved",
            30_000,
        )


def test_a_choice_explained_in_trouble_is_a_local_one(hosted_core: Core):
    only_read(hosted_core.database)
    run(hosted_core.service)
    assert asyncio.run(hosted_core.service.select(SelectionRequest())).plan == ("embedded",)


def test_the_page_says_what_waits_while_nothing_can_be_written(hosted_core: Core):
    only_read(hosted_core.database)
    hosted_core.database.trouble = Trouble.READ_ONLY
    told = greet(hosted_core.service, asking("en"))[2]
    assert "Hosted models wait" in told
    assert "the database can only be read" in told
