"""The memory of pictures that are being mended: bounded, and honest about what it no longer has."""

from __future__ import annotations

import numpy as np
import pytest

from domain import Raster
from runs.workbench import Workbench
from tests.photos import raster

PICTURE = raster(np.zeros((10, 10), np.uint8))
OTHER = raster(np.ones((10, 10), np.uint8))


def unread() -> Raster:
    pytest.fail("it was in memory, and is read again")


def test_what_was_read_is_not_read_again() -> None:
    bench = Workbench(1000)
    assert bench.get("a", "photo", lambda: PICTURE) is PICTURE
    assert bench.get("a", "photo", unread) is PICTURE


def test_the_longest_unused_goes_when_the_room_is_full() -> None:
    bench = Workbench(250)
    bench.put("a", "photo", PICTURE)
    bench.put("b", "photo", PICTURE)
    bench.get("a", "photo", unread)
    bench.put("c", "photo", PICTURE)
    assert bench.bytes == 200
    assert bench.get("a", "photo", unread) is PICTURE
    assert bench.get("b", "photo", lambda: OTHER) is OTHER


def test_a_picture_that_is_larger_than_the_room_is_answered_and_not_kept() -> None:
    bench = Workbench(99)
    assert bench.get("a", "photo", lambda: PICTURE) is PICTURE
    assert bench.bytes == 0


def test_a_run_is_forgotten_with_all_its_pictures_and_no_other() -> None:
    bench = Workbench(1000)
    for name in ("photo", "cutout-0"):
        bench.put("a", name, PICTURE)
    bench.put("b", "photo", PICTURE)
    bench.forget("a")
    assert bench.bytes == 100
    assert bench.get("b", "photo", unread) is PICTURE
