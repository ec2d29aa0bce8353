"""Tools of MCP: what Gradio and the library say of wrong calls, before one of our functions is asked, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from mcp.types import CallToolRequest, CallToolResult, ServerResult, TextContent

from domain import Language
from wording import language_in, say

SENTENCES: Mapping[str, str] = {  # by how theirs begin
    "Input validation error": "tool.arguments",
    "Invalid file data format": "tool.photo",
    "Unknown tool": "outside.unknown_call",
}


def in_our_words(page: gr.Blocks) -> None:
    """Once its server is made, which `launch` does; Gradio goes on without one when that fails."""
    if page.mcp_server_obj is None:
        return
    server = page.mcp_server_obj.mcp_server
    handler = server.request_handlers[CallToolRequest]

    async def answer(request: CallToolRequest) -> ServerResult:
        result: ServerResult = await handler(request)
        if isinstance(result.root, CallToolResult) and result.root.isError:
            result.root.content = [_said(part, _language(server)) for part in result.root.content]
        return result

    server.request_handlers[CallToolRequest] = answer


def _said(part: Any, language: Language) -> Any:
    told = part.text if isinstance(part, TextContent) else ""
    code = next((code for theirs, code in SENTENCES.items() if told.startswith(theirs)), None)
    return TextContent(type="text", text=say(code, {}, language)) if code else part


def _language(server: Any) -> Language:
    asked = server.request_context.request
    return language_in(asked.headers.get("accept-language") if asked is not None else None)
