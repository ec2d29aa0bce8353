"""The whole program on a port of its own, for tests that speak to it as the world does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio_client import Client
from pydantic import SecretStr

import app
from app import Core
from providers import Timing
from settings import Settings
from tests.fakes.replicate_server import ReplicateServer
from tests.leaks import watched


@dataclass(frozen=True)
class Served:
    """`url` has no slash at its end; `replicate` is None where the program has no token."""

    url: str
    core: Core
    page: gr.Blocks
    replicate: ReplicateServer | None = None

    def client(self) -> Client:
        return Client(self.url, verbose=False)


def hosted_settings(replicate: ReplicateServer, **given: Any) -> Settings:
    """With a token for a fake Replicate."""
    return Settings(replicate_api_token=SecretStr(replicate.token), replicate_base_url=replicate.url, **given)


def free_port() -> int:
    """From the system: Gradio tries one after another from 7860, where workers meet, and MCP starts only once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def serving(
    settings: Settings, timing: Timing | None = None, replicate: ReplicateServer | None = None
) -> Iterator[Served]:
    """The program while it serves. The event loop is ours: Gradio makes one otherwise and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    built = app.build(settings, timing)
    try:
        server, url, _ = built.launch(prevent_thread_lock=True, quiet=True, server_port=free_port())
        server.middleware_stack = watched(server.middleware_stack)
        yield Served(url.rstrip("/"), built.core, built.page, replicate)
    finally:
        _close(built.page)
        built.core.database.close()
        asyncio.set_event_loop(None)
        loop.close()


def _close(page: gr.Blocks) -> None:
    """Open pages would hold the end for five seconds.

    Gradio sets an event of the server's loop from this thread; when the loop changes its waiters meanwhile, the
    first call breaks off, and the second finds the event set and goes on to the server.
    """
    page.server.force_exit = True
    try:
        page.close(verbose=False)
    except RuntimeError:
        page.close(verbose=False)
