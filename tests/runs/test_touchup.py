"""Touch-ups through the real service: exports of the same run, lines of its journal."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from app import Core
from domain import EventKind, RunStatus, TouchUp
from errors import FilesGone, InvalidPhoto, NothingLeft
from imaging import decode, encode_png
from runs import Change, FileStore, Mended, RunResult, touch_up
from runs.store import STEPS_KEPT
from runs.workbench import Workbench
from tests.fakes.behaviours import fail
from tests.fakes.replicate_server import TARGETS, ReplicateServer
from tests.photos import raster
from tests.runs.running import mug, run

RED, GREEN = (224, 36, 94, 255), (18, 161, 80, 255)
MUG, WALL = (110, 130), (30, 40)
"""Columns and rows of the photo, which has 320 × 240 pixels."""


def painted(*dots: tuple[tuple[int, int], tuple[int, int, int, int]]) -> bytes:
    """A PNG as the page sends it, with spots of 20 pixels."""
    canvas = np.zeros((240, 320, 4), np.uint8)
    for (x, y), colour in dots:
        canvas[y - 10 : y + 10, x - 10 : x + 10] = colour
    return encode_png(raster(canvas))


def mend(core: Core, result: RunResult, step: int = 0, *dots, **options) -> Mended:
    picture = painted(*dots) if dots else None
    made = asyncio.run(core.service.touch_up(result.run_id, step, picture, TouchUp(**options)))
    assert core.store.files(result.run_id, made.step) == made.files
    return made


def alpha(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA").getchannel("A") if picture.mode == "RGBA" else picture)


def test_a_touch_up_is_an_export_beside_the_models_own_cutout_which_stays(local_core: Core):
    result = run(local_core.service)
    before = result.files.cutout.read_bytes()
    made = mend(local_core, result, 0, (WALL, GREEN))
    assert (made.step, made.files.cutout.name, made.files.matte.name) == (1, "cutout-1.png", "matte-1.png")
    assert made.files.cutout.parent == result.files.cutout.parent
    assert result.files.cutout.read_bytes() == before
    assert alpha(made.files.cutout)[WALL[1], WALL[0]] == 255
    assert (alpha(made.files.cutout) == alpha(made.files.matte)).all()
    with Image.open(made.files.after) as preview:
        assert preview.getchannel("A").getpixel(WALL) == 255


def test_the_pixels_of_a_touch_up_are_the_photos(local_core: Core):
    made = mend(local_core, run(local_core.service), 0, (WALL, GREEN))
    with Image.open(made.files.cutout) as picture:
        cutout = np.asarray(picture)
    photo = np.frombuffer(decode(mug()).pixels.data, np.uint8).reshape(240, 320, 3)
    opaque = cutout[..., 3] == 255
    assert (cutout[opaque][:, :3] == photo[opaque]).all()


def test_strokes_add_up_and_a_finish_takes_the_place_of_the_one_before(local_core: Core):
    result = run(local_core.service)
    first = mend(local_core, result, 0, (WALL, GREEN), shift=4)
    second = mend(local_core, result, first.step, (MUG, RED))
    assert alpha(second.files.cutout)[WALL[1], WALL[0]] == 255
    assert alpha(second.files.cutout)[MUG[1], MUG[0]] == 0
    grown, plain = (int((alpha(one.files.cutout) > 127)[WALL[1]].sum()) for one in (first, second))
    assert grown > plain


def test_an_earlier_step_is_shown_again_and_work_goes_on_from_there(local_core: Core):
    result = run(local_core.service)
    mend(local_core, result, 0, (WALL, GREEN))
    back = asyncio.run(local_core.service.show_step(result.run_id, 0, Change.RESET))
    assert back.files == result.files
    again = mend(local_core, result, 0, (MUG, RED))
    assert again.step == 2
    assert alpha(again.files.cutout)[WALL[1], WALL[0]] == 0


def test_the_journal_tells_every_touch_up(local_core: Core):
    result = run(local_core.service)
    mend(local_core, result, 0, (WALL, GREEN), softness=2, fill_holes=True)
    asyncio.run(local_core.service.show_step(result.run_id, 0, Change.UNDONE))
    told = [entry for entry in local_core.journal.entries(result.run_id) if entry.event is EventKind.TOUCH_UP]
    assert [(entry.code, entry.facts["step"]) for entry in told] == [("mended", 1), ("undone", 0)]
    assert told[0].facts["softness"] == 2
    assert told[0].facts["kept"] == pytest.approx(400 / (320 * 240), abs=1e-3)
    assert told[0].sentence == "Mended by hand (step 1)."
    assert told[0].seconds >= 0


def test_the_journal_says_nothing_of_mere_looking(local_core: Core):
    result = run(local_core.service)
    entries = local_core.journal.entries(result.run_id)
    asyncio.run(local_core.service.show_step(result.run_id, 0))
    assert local_core.journal.entries(result.run_id) == entries


def test_a_draft_that_was_kept_can_be_mended_too(hosted_core: Core, replicate: ReplicateServer):
    for target in TARGETS.values():
        replicate.always(target, fail())
    result = run(hosted_core.service)
    assert result.status is RunStatus.DRAFT
    assert alpha(mend(hosted_core, result, 0, (WALL, GREEN)).files.cutout)[WALL[1], WALL[0]] == 255


def test_erasing_everything_is_refused_and_leaves_no_step(local_core: Core):
    result = run(local_core.service)
    with pytest.raises(NothingLeft):
        asyncio.run(
            local_core.service.touch_up(
                result.run_id, 0, encode_png(raster(np.full((240, 320, 4), RED, np.uint8))), TouchUp()
            )
        )
    assert not list(result.files.cutout.parent.glob("*-1.*"))


def test_when_the_files_are_deleted_already_it_says_so(local_core: Core):
    result = run(local_core.service)
    shutil.rmtree(result.files.cutout.parent)
    with pytest.raises(FilesGone):
        mend(local_core, result, 0, (WALL, GREEN))


@pytest.mark.parametrize("run_id", ["", "../../etc", "0" * 32, "no-such-run"])
def test_a_run_that_does_not_exist_has_no_files(local_core: Core, run_id: str):
    with pytest.raises(FilesGone):
        asyncio.run(local_core.service.show_step(run_id, 0))


def test_a_step_that_was_never_made_has_no_files(local_core: Core):
    with pytest.raises(FilesGone):
        mend(local_core, run(local_core.service), 7, (WALL, GREEN))


def test_a_painting_that_is_no_picture_is_refused(local_core: Core):
    result = run(local_core.service)
    with pytest.raises(InvalidPhoto):
        asyncio.run(local_core.service.touch_up(result.run_id, 0, b"no picture", TouchUp()))


def test_files_that_are_asked_for_while_they_are_written_are_whole(local_core: Core):
    result = run(local_core.service)
    made = [
        asyncio.run(local_core.service.touch_up(result.run_id, step, painted((WALL, GREEN)), TouchUp(shift=step)))
        for step in range(3)
    ]
    files = asyncio.run(local_core.service.step_files(result.run_id, made[-1].step))
    assert alpha(files.cutout)[WALL[1], WALL[0]] == 255


def test_a_touch_up_of_pictures_in_memory_is_that_of_pictures_from_the_files(local_core: Core):
    result = run(local_core.service)
    steps = [mend(local_core, result, 0, (WALL, GREEN)).step]
    cold = FileStore(local_core.store.root, Workbench(most_bytes=0))
    tools = replace(local_core.service._tools, store=cold)
    steps.append(touch_up(tools, result.run_id, 0, painted((WALL, GREEN)), TouchUp()).step)
    warm, read = (cold.files(result.run_id, step).cutout.read_bytes() for step in steps)
    assert warm == read


def test_what_is_in_memory_does_not_outlive_the_files(local_core: Core):
    result = run(local_core.service)
    asyncio.run(local_core.service.warm_up(result.run_id, 0))
    local_core.store.purge(-1)
    with pytest.raises(FilesGone):
        local_core.store.photo(result.run_id)


def test_only_the_last_steps_are_kept_and_the_models_own(local_core: Core):
    result = run(local_core.service)
    for step in range(STEPS_KEPT + 1):
        mend(local_core, result, step, shift=1)
    assert not result.files.cutout.with_name("cutout-1.png").exists()
    assert result.files.cutout.with_name("cutout-2.png").exists()
    assert result.files.cutout.exists()


def test_the_kept_photo_goes_with_the_run(local_core: Core):
    result = run(local_core.service)
    kept = result.files.cutout.with_name("photo.png")
    with Image.open(kept) as photo:
        assert (photo.size, photo.mode, photo.info) == ((320, 240), "RGB", {})
    local_core.store.purge(-1)
    assert not kept.exists()
