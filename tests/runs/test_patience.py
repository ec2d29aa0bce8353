"""A batch leaves the processors to those who wait in front of the page."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from domain import Raster
from heavy import LOW
from settings import Settings
from tests.batches.batching import hand_in, taken, worked_off
from tests.cores import by_border, core_of
from tests.runs.running import run

NICE: list[int] = []


def noting(pixels: Raster) -> Raster:
    NICE.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    return by_border(pixels)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows priorities of threads")
def test_the_engine_works_on_a_batch_when_nobody_else_wants_the_processor(tmp_path: Path):
    core, usual = core_of(Settings(data_dir=tmp_path / "data"), engine=noting), os.getpriority(os.PRIO_PROCESS, 0)
    NICE.clear()
    run(core.service)
    worked_off(core, taken(core, hand_in(tmp_path / "up", "a.jpg")))
    run(core.service)
    core.database.close()
    assert [usual, LOW, usual] == NICE
