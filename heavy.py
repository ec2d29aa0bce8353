"""The work of runs on pixels: off the event loop, and no more of it at once than there are processors.

More would be no faster, and memory would rise with the number of runs at work: a picture of 12 MP takes hundreds of
megabytes while it is worked on, and hardly any while it waits. Nothing that only waits belongs here. What a visitor
waits for in front of the page, a touch-up or a file for a marketplace, has threads of its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

AT_ONCE = min(max(os.cpu_count() or 2, 2), 8)  # one job of two overlaps with the other's reading and writing

_THREADS = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="heavy")

Given = ParamSpec("Given")
Made = TypeVar("Made")


async def do(work: Callable[Given, Made], *args: Given.args, **named: Given.kwargs) -> Made:
    """What `work` returns or raises. Who is cancelled before its turn has come is not worked for."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, partial(work, *args, **named))
