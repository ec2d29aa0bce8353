"""The program without its page, as most tests need it: its database copied, its pauses short, its engine a simple one.

The copy is of a database that the real migrations and the real seed made; the program looks at it as at any other. The
simple engine tells a product from a plain ground in a hundredth of the time; tests of the real one ask for it.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy.engine import make_url

from app import LEASE, SEED, Core, build_core
from database import Database, migrate
from domain import ProviderKind, Raster
from imaging import object_mask
from providers import Engine, Timing
from registry import apply_seed, load_seed
from settings import Settings
from tests.fakes.pictures import matte_by_border
from tests.photos import array, raster


async def no_wait(_seconds: float) -> None:
    """Takes the place of every sleep between polls: lets others go on, and waits for nothing."""
    await asyncio.sleep(0)


QUICK = Timing(sleep=no_wait)


def by_border(pixels: Raster) -> Raster:
    """An engine for products on a plain ground."""
    return raster(np.array(matte_by_border(Image.fromarray(array(pixels)))))


def core_of(settings: Settings, timing: Timing = QUICK, lease: timedelta = LEASE, engine: Engine = by_border) -> Core:
    """As `build_core` makes it."""
    set_up(settings)
    return build_core(settings, timing, lease, {ProviderKind.EMBEDDED: engine})


def real_core_of(settings: Settings) -> Core:
    """With the embedded engine that the program has."""
    return core_of(settings, engine=object_mask)


def set_up(settings: Settings) -> None:
    """A database of its own, as a first start would leave it, where there is none yet."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or Path(url.database or "").exists():
        return
    path = Path(url.database or "")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(fresh(seeded=True))


@cache
def fresh(*, seeded: bool) -> bytes:
    """The file of a migrated database, with the models of the seed or without a row of ours."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fresh.db"
        database = Database(f"sqlite:///{path}")
        migrate(database)
        if seeded:
            apply_seed(database, load_seed(SEED))
        database.close()
        return path.read_bytes()
