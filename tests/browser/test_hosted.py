"""The page with hosted models behind it: drafts, fallbacks, and leaving in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.acting import SLOW_MS, run, upload, wait_for_both_pictures, wait_for_end, wait_until
from tests.browser.conftest import Visit
from tests.fakes.behaviours import fail, forever
from tests.fakes.replicate_server import TARGETS, ReplicateServer
from tests.serving import Served


@pytest.fixture
def replicate(hosted: Served) -> ReplicateServer:
    assert hosted.replicate
    return hosted.replicate


def cancelled(replicate: ReplicateServer) -> bool:
    return any(request.path.endswith("/cancel") for request in replicate.requests)


def test_a_double_click_buys_once_and_the_first_choice_makes_the_cutout(
    visit: Visit, hosted: Served, replicate: ReplicateServer, photo: Path
) -> None:
    page = visit(hosted.url)
    upload(page, photo)
    page.dblclick("#run")
    wait_for_end(page, "good")
    expect(page.locator("#caption")).to_contain_text("Made by FLUX Kontext LoRA v2")
    wait_for_both_pictures(page)
    page.wait_for_timeout(500)
    assert len(replicate.creations) == 1


def test_while_a_model_works_the_draft_is_shown_and_stop_cancels_the_paid_work(
    visit: Visit, hosted: Served, replicate: ReplicateServer, photo: Path
) -> None:
    replicate.always(TARGETS["v2"], forever())
    page = visit(hosted.url, "ru-RU")
    upload(page, photo)
    run(page)
    expect(page.locator("#caption .badge")).to_have_text("Черновик", timeout=SLOW_MS)
    expect(page.locator("#status")).to_contain_text("FLUX Kontext LoRA v2 работает…", timeout=SLOW_MS)
    expect(page.locator("#status .seconds")).to_contain_text("2 с из примерно", timeout=SLOW_MS)
    expect(page.locator("#run")).to_be_disabled()
    expect(page.locator("#downloads")).to_be_hidden()
    page.click("#stop")
    expect(page.locator("#status [role=status]")).to_contain_text("Остановлено", timeout=SLOW_MS)
    expect(page.locator("#run")).to_be_enabled()
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator("#timeline")).to_be_hidden()
    assert wait_until(lambda: cancelled(replicate))
    assert len(replicate.creations) == 1


def test_a_fallback_is_told_step_by_step(visit: Visit, hosted: Served, replicate: ReplicateServer, photo: Path) -> None:
    replicate.always(TARGETS["v2"], fail())
    page = visit(hosted.url)
    upload(page, photo)
    run(page)
    wait_for_end(page, "good")
    steps = page.locator(".attempts li")
    expect(steps).to_have_count(2)
    expect(steps.nth(0)).to_contain_text("FLUX Kontext LoRA v2 failed")
    expect(steps.nth(1)).to_contain_text("made the cutout")
    expect(page.locator("#caption")).to_contain_text("Made by FLUX Kontext LoRA v1")


def test_when_all_fail_the_draft_is_kept_and_can_be_downloaded(
    visit: Visit, hosted: Served, replicate: ReplicateServer, photo: Path
) -> None:
    for target in TARGETS.values():
        replicate.always(target, fail())
    page = visit(hosted.url)
    upload(page, photo)
    run(page)
    wait_for_end(page, "warn")
    expect(page.locator("#caption .badge")).to_have_text("Draft")
    with page.expect_download():
        page.click("#download-cutout")


def test_two_visitors_work_at_once_and_one_who_closes_the_tab_cancels_their_own_paid_work(
    visit: Visit, hosted: Served, replicate: ReplicateServer, photo: Path
) -> None:
    replicate.script(TARGETS["v2"], forever())
    waiting, served = visit(hosted.url), visit(hosted.url, "ru-RU")
    upload(waiting, photo)
    run(waiting)
    assert wait_until(lambda: bool(replicate.jobs))
    upload(served, photo)
    run(served)
    wait_for_end(served, "good")
    expect(waiting.locator("#status .busy")).to_be_visible()
    assert not cancelled(replicate)
    waiting.close()
    assert wait_until(lambda: cancelled(replicate))
    assert len(replicate.creations) == 2
