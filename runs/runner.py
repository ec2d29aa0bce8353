"""Runs as streams of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from runs.drive import Drive
from runs.events import RunEvent
from runs.job import Job, Tools
from runs.journal import Past
from runs.leases import Claim

HEARTBEAT_S = 0.5


async def carry_out(
    tools: Tools, job: Job, claim: Claim, past: Past | None = None, heartbeat_s: float = HEARTBEAT_S
) -> AsyncGenerator[RunEvent, None]:
    """The events of one run; while an attempt goes on, its progress comes at every heartbeat.

    Closing the iterator cancels the run, which ends as cancelled in the journal. A bug raises here when there is no
    draft to end with.
    """
    queue: asyncio.Queue[RunEvent | None] = asyncio.Queue()
    drive = Drive(tools, job, claim, queue.put_nowait, past)
    task = asyncio.create_task(drive.run())
    task.add_done_callback(lambda _: queue.put_nowait(None))
    with tools.roster.working(drive, task):
        try:
            while (event := await _next(queue, drive, heartbeat_s)) is not None:
                yield event
            await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _next(queue: asyncio.Queue[RunEvent | None], drive: Drive, heartbeat_s: float) -> RunEvent | None:
    """The next event, or the progress when nothing happened for a heartbeat; None at the end."""
    while True:
        try:
            return await asyncio.wait_for(queue.get(), heartbeat_s)
        except TimeoutError:
            progress = drive.progress()
            if progress:
                return progress
