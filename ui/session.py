"""Who is asking: the net's address, and the key of their page or client."""

from __future__ import annotations

import hashlib
import re

import gradio as gr

from service import Asker

# A call by raw HTTP that names no session gets a number of Gradio's own making, a new one each time.
NO_SESSION = re.compile(r"[0-9a-f]{32}")


def asker_of(request: gr.Request | None) -> Asker:
    """For taking turns: calls without a session of their own are one asker to each address."""
    if request is None:
        return Asker()
    key = request.session_hash or ""
    return Asker(address_of(request), "" if NO_SESSION.fullmatch(key) else key)


def address_of(request: gr.Request) -> str:
    try:
        return str(request.client.host)
    except AttributeError:
        return ""


def owner_of(request: gr.Request | None) -> str:
    """What is written down instead of the session's key, which opens the session; empty when there is none."""
    key = (request.session_hash or "") if request is not None else ""
    return hashlib.sha256(key.encode()).hexdigest() if key else ""
