"""The work of runs on pixels: off the event loop, and no more of it at once than there are processors.

More would be no faster, and memory would rise with the number of runs at work: a picture of 12 MP takes hundreds of
megabytes while it is worked on, and hardly any while it waits. Nothing that only waits belongs here. What a visitor
waits for in front of the page, a touch-up or a file for a marketplace, has threads of its own.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

import cv2
import numpy as np

from patience import PATIENT, lull, waited_for

AT_ONCE = min(max(os.cpu_count() or 2, 2), 8)  # one job of two overlaps with the other's reading and writing
LOW = 10  # of 0 to 19: lower still, and who holds the interpreter would keep everybody waiting

Given = ParamSpec("Given")
Made = TypeVar("Made")


def _step_back() -> None:
    """This thread, and those that it makes, work when no others want to; only Linux knows priorities of threads.

    OpenCV's own threads are for all: they are made before, or they would be as patient as who needs them first.
    """
    cv2.GaussianBlur(np.zeros((512, 512, 3), np.float32), (0, 0), 3)
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW)


_AT_ONCE = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="heavy")
_PATIENTLY = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="patient", initializer=_step_back)


async def do(work: Callable[Given, Made], *args: Given.args, **named: Given.kwargs) -> Made:
    """What `work` returns or raises. Who is cancelled before its turn has come is not worked for.

    In a patient context it waits for a lull, and does its work, in which `give_way` may wait again, at low priority.
    """
    job = partial(work, *args, **named)
    if PATIENT.get():
        await lull()
        return await _done_by(_PATIENTLY, job)
    with waited_for():
        return await _done_by(_AT_ONCE, job)


async def at_once(work: Callable[Given, Made], *args: Given.args, **named: Given.kwargs) -> Made:
    """As `do`, but never patiently: for something short that is lost if the process ends before it is done."""
    return await _done_by(_AT_ONCE, partial(work, *args, **named))


async def _done_by(threads: ThreadPoolExecutor, job: Callable[[], Made]) -> Made:
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, job)
