"""The whole program on a port of its own, for tests that speak to it as the world does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import app
from providers import Timing
from settings import Settings


def free_port() -> int:
    """From the system: Gradio tries one after another from 7860, where workers meet, and MCP starts only once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def serving(settings: Settings, timing: Timing | None = None) -> Iterator[str]:
    """The address while it serves. The event loop is ours because Gradio makes one otherwise and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    built = app.build(settings, timing)
    try:
        _, url, _ = built.launch(prevent_thread_lock=True, quiet=True, server_port=free_port())
        yield url.rstrip("/")
    finally:
        built.page.close(verbose=False)
        built.core.database.close()
        asyncio.set_event_loop(None)
        loop.close()
