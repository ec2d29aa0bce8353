"""Opening pictures: by visitor, not by arrival."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from app import Core
from domain import Background, BackgroundKind, ExportOptions, SelectionRequest
from errors import Busy
from gate.gate import AT_ONCE
from service.opening import ROOM, Opening
from tests.runs.running import mug, run

ASKED = SelectionRequest()


def test_whoever_has_many_photos_opened_leaves_a_worker_to_the_others(local_core: Core):
    """However many of Anna's wait, Boris' are opened: asked about, cut out, and as a background."""
    service, made = local_core.service, run(local_core.service)
    behind = ExportOptions(width=300, height=300, background=Background(kind=BackgroundKind.PICTURE))

    async def work() -> None:
        async with service.opening.turn("anna"):
            hers = [asyncio.create_task(service.select(ASKED, mug(), "anna")) for _ in range(ROOM.of_session)]
            assert (await service.select(ASKED, mug(), "boris")).model_id == "embedded"
            assert [event async for event in service.run(mug(), ASKED, "boris")]
            assert (await service.exports.make(made.run_id, 0, behind, mug(), "boris")).files.file.exists()
            assert not any(one.done() for one in hers)
            for one in hers:
                one.cancel()

    asyncio.run(work())


def test_one_visitors_batch_does_not_keep_their_own_photo_waiting():
    async def work() -> None:
        opening = Opening()
        async with opening.turn("anna", "batch"), opening.turn("anna"):
            pass

    asyncio.run(work())


def test_a_line_that_is_full_or_too_slow_is_said_to_be():
    async def work() -> Busy:
        opening = Opening(within_s=0)
        async with AsyncExitStack() as busy:
            for visitor in range(AT_ONCE):
                await busy.enter_async_context(opening.turn(str(visitor)))
            with pytest.raises(Busy) as caught:
                await busy.enter_async_context(opening.turn("anna"))
        return caught.value

    assert asyncio.run(work()).facts["waiting"] == 1


def test_asking_without_a_photo_takes_no_turn(local_core: Core):
    async def work() -> None:
        async with local_core.service.opening.turn("anna"):
            await local_core.service.select(ASKED, visitor="anna")

    asyncio.run(work())
