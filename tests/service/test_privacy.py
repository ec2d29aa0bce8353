"""A visitor's pictures: nobody else's, and gone from everywhere when they go."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import gradio as gr
import pytest
import sqlalchemy as sa
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder

import ui
from app import Core
from domain import SelectionRequest
from errors import FilesGone
from runs import AttemptStarted, Owned, Owners, RunResult
from service import utc_now
from tests.fakes.replicate_server import ReplicateServer
from tests.runs.running import mug, run

ANNA, BORIS = "a" * 64, "b" * 64


@pytest.fixture
def cut(local_core: Core) -> RunResult:
    """A run whose pictures are Anna's."""
    result = run(local_core.service)
    asyncio.run(local_core.service.privacy.claim(ANNA, result.run_id))
    return result


def delete(core: Core, owner: str) -> int:
    return asyncio.run(core.service.privacy.delete(owner))


def test_deleting_takes_the_files_and_what_the_database_says_of_the_photo(local_core: Core, cut: RunResult):
    assert delete(local_core, ANNA) == 1
    assert not (local_core.store.root / cut.run_id).exists()
    with local_core.database.read() as session:
        told = session.execute(sa.text("SELECT photo_sha256, facts FROM runs")).one()
        assert tuple(told) == ("", "{}")
        assert session.scalar(sa.text("SELECT count(*) FROM owners")) == 0


def test_the_money_and_the_models_stay_written_down(local_core: Core, cut: RunResult):
    delete(local_core, ANNA)
    told = asyncio.run(local_core.service.run_report(cut.run_id))
    assert told.model_id == cut.model_id
    assert told.attempts


def test_deleting_takes_the_copies_that_gradio_serves(local_core: Core, cut: RunResult):
    copy = Path(save_file_to_cache(cut.files.cutout, get_upload_folder()))
    assert copy.exists()
    delete(local_core, ANNA)
    assert not copy.exists()


def test_what_another_has_as_well_stays_until_theirs_goes(local_core: Core, cut: RunResult, tmp_path: Path):
    """Gradio names uploads and copies after their content: the same photo lies in the same place."""
    privacy, upload = local_core.service.privacy, tmp_path / "upload"
    upload.mkdir()
    copy = Path(save_file_to_cache(cut.files.cutout, get_upload_folder()))
    other = run(local_core.service)
    for owner, run_id in ((BORIS, other.run_id), (ANNA, "f" * 32)):
        asyncio.run(privacy.claim(owner, run_id, str(upload)))
    delete(local_core, ANNA)
    assert copy.exists()
    assert upload.exists()
    delete(local_core, BORIS)
    assert not copy.exists()
    assert not upload.exists()


def test_deleting_takes_the_upload(local_core: Core, cut: RunResult, tmp_path: Path):
    upload = tmp_path / "upload" / "mug.jpg"
    upload.parent.mkdir()
    upload.write_bytes(b"a photo")
    asyncio.run(local_core.service.privacy.claim(ANNA, "f" * 32, str(upload.parent)))
    assert delete(local_core, ANNA) == 2
    assert not upload.parent.exists()


def test_a_photo_that_no_run_was_made_from_goes_as_well(local_core: Core, tmp_path: Path):
    upload = tmp_path / "upload"
    upload.mkdir()
    assert asyncio.run(local_core.service.privacy.delete(ANNA, str(upload))) == 0
    assert not upload.exists()


def test_what_a_session_handed_over_goes_though_no_run_was_made_from_it_and_what_is_anothers_as_well_stays(
    local_core: Core, tmp_path: Path
):
    privacy, own, shared = local_core.service.privacy, tmp_path / "own", tmp_path / "shared"
    for folder, owner in ((own, ANNA), (shared, ANNA), (shared, BORIS)):
        folder.mkdir(exist_ok=True)
        asyncio.run(privacy.claim_uploads(owner, [str(folder)]))
    delete(local_core, ANNA)
    assert (own.exists(), shared.exists()) == (False, True)
    delete(local_core, BORIS)
    assert not shared.exists()


def test_what_a_session_handed_over_is_forgotten_after_a_while(local_core: Core):
    owners = Owners(local_core.database)
    owners.claim_uploads(ANNA, ["old"], utc_now() - timedelta(hours=2))
    owners.claim_uploads(ANNA, ["new"], utc_now())
    local_core.service.privacy.sweep(keep_hours=1)
    assert owners.uploads_of(ANNA) == ("new",)


def test_nothing_of_the_photo_is_left_in_any_file_of_the_database(local_core: Core, cut: RunResult):
    files = list(local_core.settings.data_dir.glob("cutout-router.db*"))
    told = hashlib.sha256(mug()).hexdigest().encode()
    assert any(told in file.read_bytes() for file in files)
    delete(local_core, ANNA)
    assert not any(told in file.read_bytes() for file in files)


@pytest.mark.parametrize("owner", [BORIS, ""])
def test_nobody_deletes_the_pictures_of_another(local_core: Core, cut: RunResult, owner: str):
    assert delete(local_core, owner) == 0
    assert cut.files.cutout.exists()


def test_a_run_that_is_somebodys_cannot_be_claimed_by_another(local_core: Core, cut: RunResult):
    asyncio.run(local_core.service.privacy.claim(BORIS, cut.run_id))
    assert delete(local_core, BORIS) == 0


def test_old_pictures_go_by_themselves(local_core: Core, cut: RunResult):
    privacy = local_core.service.privacy
    assert privacy.sweep(keep_hours=1) == 0
    owners = Owners(local_core.database)
    owners.forget([cut.run_id])
    owners.claim(ANNA, Owned(cut.run_id), utc_now() - timedelta(hours=2))
    assert privacy.sweep(keep_hours=1) == 1
    assert not (local_core.store.root / cut.run_id).exists()


def test_a_run_that_nobody_claimed_goes_by_its_age(local_core: Core, cut: RunResult):
    delete(local_core, ANNA)
    result = run(local_core.service)
    assert local_core.service.privacy.sweep(keep_hours=0) >= 1
    assert not (local_core.store.root / result.run_id).exists()


def test_a_run_without_a_session_is_deleted_by_its_id_and_one_of_a_session_is_not(local_core: Core, cut: RunResult):
    privacy = local_core.service.privacy
    other = run(local_core.service)
    asyncio.run(privacy.claim("", other.run_id))
    assert asyncio.run(privacy.delete_run(other.run_id))
    assert not (local_core.store.root / other.run_id).exists()
    assert not asyncio.run(privacy.delete_run(other.run_id))
    assert not asyncio.run(privacy.delete_run(cut.run_id))
    assert cut.files.cutout.exists()


def test_a_page_that_was_opened_again_can_still_delete_its_run(local_core: Core, cut: RunResult):
    asyncio.run(local_core.service.privacy.pass_on(cut.run_id, BORIS))
    assert (delete(local_core, ANNA), delete(local_core, BORIS)) == (0, 1)


def test_a_run_that_is_deleted_while_it_is_at_work_leaves_nothing(hosted_core: Core, replicate: ReplicateServer):
    async def deleted_at_work() -> str:
        async with aclosing(hosted_core.service.run(mug(), SelectionRequest())) as events:
            async for event in events:
                if isinstance(event, AttemptStarted):
                    await hosted_core.service.privacy.claim(ANNA, event.run_id)
                    assert await hosted_core.service.privacy.delete(ANNA) == 1
        raise AssertionError("the run should have told that its files are gone")

    with pytest.raises(FilesGone):
        asyncio.run(deleted_at_work())
    assert list(hosted_core.store.root.glob("*")) == []


def test_what_is_deleted_can_be_asked_for_again_under_the_same_key(local_core: Core):
    service = local_core.service

    async def begun() -> str:
        run_id = await service.start(mug(), SelectionRequest(), key="order-7")
        await service.settle()
        return run_id

    async def again() -> tuple[str, str]:
        first = await begun()
        assert await service.privacy.delete_run(first)
        return first, await begun()

    first, second = asyncio.run(again())
    assert first != second


def test_when_a_claim_cannot_be_written_the_run_goes_on(local_core: Core):
    with local_core.database.write() as session:
        session.execute(sa.text("DROP TABLE owners"))
    asyncio.run(local_core.service.privacy.claim(ANNA, "f" * 32))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def test_what_a_broken_upload_left_goes_and_what_the_page_itself_shows_stays(cache: Path):
    page = gr.Blocks()
    with page:
        shown = gr.Image()
    for name in ("left/over.jpg", "page/example.jpg"):
        (cache / name).parent.mkdir()
        (cache / name).write_bytes(b"x")
    shown.keep_in_cache.add(str(cache / "page" / "example.jpg"))
    assert ui.sweep(page, older_than_s=-60) == 1
    assert not (cache / "left").exists()
    assert (cache / "page" / "example.jpg").exists()


def test_a_fresh_upload_stays_and_a_link_is_never_followed(cache: Path, tmp_path: Path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_bytes(b"x")
    os.symlink(precious, cache / "link")  # noqa: PTH211  # the shorter word
    (cache / "fresh.jpg").write_bytes(b"x")
    assert ui.sweep(gr.Blocks(), older_than_s=3600) == 0
    assert ui.sweep(gr.Blocks(), older_than_s=time.time() * -1) == 2
    assert (precious / "file").exists()
