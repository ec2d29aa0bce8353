"""What the program does by itself, again and again, while it serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import gradio as gr

import memory
import ui
from database import Database
from errors import DatabaseError
from observability import log
from runs import Ledger
from service import Batches, Privacy, Service

SWEEP_EVERY_S = 1800
GIVE_BACK_EVERY_S = 0.3
TIDY_EVERY_S = 60
FORGET_EVERY_S = 10
LOOK_AGAIN_S = 60.0
BEGIN_AGAIN_AFTER_S = 5.0


async def kept_up(name: str, begin: Callable[[], Awaitable[None]], pause_s: float = BEGIN_AGAIN_AFTER_S) -> None:
    """A chore that breaks is begun again, and the log says so: nobody else would notice."""
    while True:
        try:
            await begin()
        except Exception:
            log.exception("chore.broke", chore=name)
        await asyncio.sleep(pause_s)


async def sweep(batches: Batches, privacy: Privacy, page: gr.Blocks, keep_hours: float) -> None:
    """Delete files that are older than the owner keeps them, and what is left of broken uploads."""
    while True:
        await _put_off(batches.tidy(timedelta(hours=keep_hours)))
        await _put_off(asyncio.to_thread(privacy.sweep, keep_hours))
        await asyncio.to_thread(ui.sweep, page, min(ui.UPLOADS_KEPT_S, keep_hours * 3600))
        await asyncio.sleep(SWEEP_EVERY_S)


async def tidy(database: Database, ledger: Ledger) -> None:
    """Money of runs that are over goes back; a database in trouble is asked whether it is well again."""
    while True:
        await asyncio.to_thread(database.recheck)
        await asyncio.to_thread(ledger.tidy)
        await asyncio.sleep(TIDY_EVERY_S)


async def give_back() -> None:
    """Memory: 4 ms after a run, hardly any where there was none. A run leaves 30 MB, a minute up to twice that."""
    while True:
        await asyncio.to_thread(memory.give_back_small)
        await asyncio.sleep(GIVE_BACK_EVERY_S)


async def forget(page: gr.Blocks) -> None:
    """Sessions that are idle go."""
    while True:
        ui.forget_idle(page)
        await asyncio.sleep(FORGET_EVERY_S)


async def recover(service: Service) -> None:
    """Take up runs that were left unfinished: at the start, and whenever a lease may have lapsed."""
    while True:
        pause_s = LOOK_AGAIN_S
        try:
            pause_s = (await service.recover()).total_seconds()
        except DatabaseError as error:
            log.warning("recovery.put_off", reason=str(error))
        await asyncio.sleep(pause_s)


async def _put_off(chore: Awaitable[object]) -> None:
    """A chore that needs the database is done the next time, when the database is well again."""
    try:
        await chore
    except DatabaseError as error:
        log.warning("chore.put_off", reason=str(error))
