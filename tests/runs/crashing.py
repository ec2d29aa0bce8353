"""A process that dies, without its process: its event loop stands still for ever in the middle of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app import Core
from domain import SelectionRequest
from runs import RunResult
from tests.runs.running import mug

DEAD: list[Any] = []
"""What died is kept, or the garbage collector would run its clean-up, which a dead process does not do."""


def run_until(
    core: Core, dies: Callable[[Core], bool], request: SelectionRequest | None = None, upload: bytes | None = None
) -> str:
    """Begin a run, and stop the loop for ever once `dies` is true; answers with the run's id.

    Not before its photo is kept, which is written while the first model is already asked.
    """
    loop = asyncio.new_event_loop()
    ids: list[str] = []

    def dead() -> bool:
        return any(core.store.root.glob("*/photo.png")) and dies(core)

    async def live() -> None:
        async with aclosing(core.service.run(upload or mug(), request or SelectionRequest())) as events:
            async for event in events:
                ids.append(event.run_id)
                if dead():
                    loop.stop()
                    await asyncio.Event().wait()
        raise AssertionError("the run ended before it could die")

    async def watch() -> None:
        while not (ids and dead()):  # noqa: ASYNC110  # what it waits for is on disk
            await asyncio.sleep(0.005)
        loop.stop()

    DEAD.append((loop, loop.create_task(live()), loop.create_task(watch())))
    loop.run_forever()
    lapse(core)
    return ids[0]


def lapse(core: Core, started_ago: timedelta = timedelta(0)) -> None:
    """As if half a minute had gone by for every lease, and `started_ago` since the runs began."""
    with core.database.write() as session:
        session.execute(text("UPDATE runs SET lease_until = '2020-01-01 00:00:00.000000'"))
        if started_ago:
            then = (core.service._tools.now() - started_ago).replace(tzinfo=None)
            session.execute(text("UPDATE runs SET started_at = :then"), {"then": then.isoformat(" ")})


def recovered(core: Core, run_id: str) -> RunResult:
    """What the next process makes of it."""

    async def recover() -> RunResult | None:
        await core.service.recover()
        await core.service.settle()
        return await core.service.result(run_id)

    result = asyncio.run(recover())
    assert result is not None
    return result


def prediction_known(core: Core) -> bool:
    with core.database.read() as session:
        last = session.execute(text("SELECT prediction_id FROM attempts ORDER BY id DESC LIMIT 1")).first()
    return last is not None and last.prediction_id is not None
