"""The whole program on a port of its own, for tests that speak to it as the world does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import app
from providers import Timing
from settings import Settings


@contextmanager
def serving(settings: Settings, timing: Timing | None = None) -> Iterator[str]:
    """The address while it serves. The event loop is ours because Gradio makes one otherwise and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    built = app.build(settings, timing)
    try:
        _, url, _ = built.launch(prevent_thread_lock=True, quiet=True)
        yield url.rstrip("/")
    finally:
        built.page.close(verbose=False)
        built.core.database.close()
        asyncio.set_event_loop(None)
        loop.close()
