"""Who is asking through the page or the client API."""

from __future__ import annotations

import gradio as gr

from service import visitor_of


def visitor_key(request: gr.Request | None) -> str:
    """By the address of the connection; by the page's session where there is none. Empty when nobody can tell."""
    if request is None:
        return ""
    client = getattr(request, "client", None)  # Gradio answers with an error where there is no connection
    host = client.host if client else ""
    return visitor_of(host or request.session_hash or "")
