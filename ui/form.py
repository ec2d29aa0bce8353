"""The left column's values: from the fields of the form to a request and the bytes of the photo."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from domain import Goal, SelectionRequest
from errors import InvalidPhoto, PhotoFault
from ui.choices import ANYWHERE, AUTO, COMPLEXITIES

# Enough for the service to see that a file is too large; never more than that in memory.
_READ_AT_MOST = 64 * 1024 * 1024
PASSING = "passing-"  # begins the name of a folder whose file is read once


def wishes(
    model: str | None, marketplace: str | None, goal: str | None, complexity: str | None, local: bool, commercial: bool
) -> SelectionRequest:
    """The fields in the order of the form."""
    return SelectionRequest(
        model_id=None if model in (None, AUTO) else model,
        marketplace=None if marketplace in (None, ANYWHERE) else marketplace,
        goal=Goal(goal or Goal.BALANCED),
        complexity=COMPLEXITIES[complexity] if complexity else None,
        local_only=local,
        commercial_only=commercial,
    )


async def photo_bytes(photo: str | None) -> bytes:
    if not photo:
        raise InvalidPhoto(PhotoFault.MISSING)
    return await asyncio.to_thread(_read, Path(photo))


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_READ_AT_MOST)
    if path.parent.name.startswith(PASSING):
        shutil.rmtree(path.parent, ignore_errors=True)
    return data
