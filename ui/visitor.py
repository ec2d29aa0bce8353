"""Who is asking through the page or the client API: the net's address, and the key of their page or client."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from service import Asker, visitor_of

# A call by raw HTTP that names no session gets a number of Gradio's own making, a new one each time.
NO_SESSION = re.compile(r"[0-9a-f]{32}")


def visitor_key(request: gr.Request | None) -> str:
    """By the address of the connection; by the page's session where there is none. Empty when nobody can tell."""
    return asker_of(request).address


def asker_of(request: gr.Request | None) -> Asker:
    """For taking turns: calls without a session of their own are one asker to each address."""
    if request is None:
        return Asker()
    client = getattr(request, "client", None)  # Gradio answers with an error where there is no connection
    return asker_named(client.host if client else "", request.session_hash or "")


def asker_named(host: str, session: str) -> Asker:
    """The same of a call that Gradio has not begun with."""
    return Asker(visitor_of(host or session), "" if NO_SESSION.fullmatch(session) else session)


def owner_of(request: gr.Request | None) -> str:
    """What is written down instead of the session's key, which opens the session; empty when there is none that lasts,
    and nobody could come back with it.
    """
    key = (request.session_hash or "") if request is not None else ""
    return hashlib.sha256(key.encode()).hexdigest() if key and not _passes(request, key) else ""


def _passes(request: Any, key: str) -> bool:
    """A call that names no session is one by itself, called as its event; all tools of MCP share one of Gradio's."""
    headers = getattr(request, "headers", {})
    return key == LocalContext.event_id.get(None) or headers.get("x-gradio-user") == "mcp"
