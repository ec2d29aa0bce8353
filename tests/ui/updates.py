"""What a handler of the page says to its visitor, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

Update = dict[str, Any]


def asking(header: str = "en", **query: str) -> gr.Request:
    """A visitor's request, in their language; `query` is what follows the page's address."""
    request = gr.Request()
    request.kwargs = {"headers": {"accept-language": header}, "query_params": query}
    return request


def told_by(handler: AsyncIterator[Any], by_name: Callable[[Any], Update]) -> tuple[list[Update], str | None]:
    """Every update of the page by name, and the sentence of the toast, if there was one."""

    async def collect() -> tuple[list[Update], str | None]:
        shown: list[Update] = []
        try:
            async for outputs in handler:
                shown.append(by_name(outputs))  # noqa: PERF401  # what came before an error is shown, too
        except gr.Error as error:
            return shown, error.message
        return shown, None

    return asyncio.run(collect())
