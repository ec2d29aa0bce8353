"""The program is stopped or killed under an open page, and started again."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import SLOW_MS, run, upload, wait_for_both_pictures, wait_for_end, wait_until
from tests.browser.conftest import Visit
from tests.fakes.behaviours import forever, succeed
from tests.fakes.replicate_server import TARGETS, ReplicateServer
from tests.program import Program, running


def lapse(program: Program) -> None:
    """As if half a minute had gone by since the kill."""
    with closing(sqlite3.connect(program.data_dir / "cutout-router.db")) as database, database:
        database.execute("UPDATE runs SET lease_until = '2020-01-01 00:00:00.000000'")


@pytest.fixture
def program(tmp_path: Path, replicate: ReplicateServer) -> Iterator[Program]:
    hosted = {"REPLICATE_API_TOKEN": replicate.token, "REPLICATE_BASE_URL": replicate.url}
    with running(tmp_path / "data", STOP_GRACE_S="0", **hosted) as program:
        yield program


def begin(page: Page, photo: Path, replicate: ReplicateServer) -> None:
    """A run whose prediction is known and does not end by itself."""
    before = len(replicate.jobs)
    replicate.always(TARGETS["v2"], forever())
    upload(page, photo)
    run(page)
    assert wait_until(lambda: any(job.polls for job in replicate.jobs[before:]))


def back_with_its_cutout(page: Page) -> None:
    wait_for_end(page, "good")
    expect(page.locator("#caption")).to_contain_text("Made by FLUX Kontext LoRA v2")
    wait_for_both_pictures(page)


def test_after_a_restart_or_a_kill_the_page_comes_back_by_itself_with_the_cutout_of_its_run(
    visit: Visit, program: Program, replicate: ReplicateServer, photo: Path
) -> None:
    page = visit(program.url)
    begin(page, photo, replicate)
    assert program.end() == 0
    expect(page.locator("#status")).to_contain_text("is restarting", timeout=SLOW_MS)
    replicate.jobs[0].behaviour = succeed()
    program.start()
    back_with_its_cutout(page)

    begin(page, photo, replicate)
    program.end(signal.SIGKILL)
    lapse(program)
    replicate.jobs[1].behaviour = succeed()
    program.start()
    back_with_its_cutout(page)
    assert len(replicate.creations) == 2
