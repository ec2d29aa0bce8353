"""Who is asking, as a key that says no more than that two runs are one visitor's."""

from __future__ import annotations

import hashlib

import gradio as gr


def visitor_key(request: gr.Request | None) -> str:
    """By the address of the connection; by the page's session where there is none. Empty when nobody can tell."""
    if request is None:
        return ""
    client = getattr(request, "client", None)  # Gradio answers with an error where there is no connection
    host = client.host if client else ""
    who = host or request.session_hash or ""
    return hashlib.sha256(who.encode()).hexdigest()[:32] if who else ""
