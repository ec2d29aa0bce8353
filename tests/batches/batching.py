"""Batches carried to their end, as a process would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from app import Core
from batches import Handed
from domain import BatchOptions, BatchReport, ItemState, Language
from tests.photos import jpeg, product_photo

PHOTO = jpeg(product_photo(160, 120))
NO_WISHES = BatchOptions()


def hand_in(folder: Path, *names: str, data: bytes = PHOTO) -> list[Handed]:
    """Uploads under names of the server's own; each photo a little different."""
    folder.mkdir(exist_ok=True)
    made = []
    for number, name in enumerate(names):
        path = folder / f"upload-{number}-{len(list(folder.iterdir()))}"
        path.write_bytes(data + bytes([number % 256]))
        made.append(Handed(name, path))
    return made


def taken(core: Core, files: Sequence[Handed], options: BatchOptions = NO_WISHES, visitor: str = "v") -> str:
    return asyncio.run(core.batches.take(files, options, visitor))


def worked_off(core: Core, batch_id: str, also: Callable[[], Coroutine[Any, Any, None]] | None = None) -> BatchReport:
    """Start it, work until nothing waits, and read the report."""

    async def work() -> BatchReport:
        await core.batches.start(batch_id)
        if also:
            await also()
        await core.batches.settle()
        return await core.batches.report(batch_id)

    return asyncio.run(work())


def report_of(core: Core, batch_id: str, language: Language = Language.EN) -> BatchReport:
    return asyncio.run(core.batches.report(batch_id, language))


def states(report: BatchReport) -> list[ItemState]:
    return [item.state for item in report.items]
