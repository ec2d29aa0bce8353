"""Tools of MCP: wrong calls are answered in our words, and photos given as data URIs leave no copies."""

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
    "Queue is full": "error.busy",
}


def set_up_tools(page: gr.Blocks) -> None:
    """Once their server is made, which `launch` does; Gradio goes on without one when that fails."""
    if page.mcp_server_obj is not None:
        _speak(page.mcp_server_obj.mcp_server)
        _pass_on(page.mcp_server_obj)


def _pass_on(tools: Any) -> None:
    """Gradio would write a data URI to a file, and upload that to itself. `PhotoInput` takes it as it is."""
    convert = tools.convert_strings_to_filedata

    def converted(given: dict[str, Any], places: list[list[str | int]]) -> dict[str, Any]:
        photos = {name: value for name, value in given.items() if [name] in places and str(value).startswith("data:")}
        others: dict[str, Any] = convert({name: given[name] for name in given if name not in photos}, places)
        meta = {"_type": "gradio.FileData"}
        return {**others, **{name: {"path": None, "url": uri, "meta": meta} for name, uri in photos.items()}}

    tools.convert_strings_to_filedata = converted


def _speak(server: Any) -> None:
    """What Gradio and the library say before one of our functions is asked, in our words."""
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
