"""Gradio's page, none of whose calls ends without a sentence, whatever part of it stumbles over a value."""

from __future__ import annotations

import logging
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from ui.faults import Sentence, apology, toast
from ui.strings import language_of
from wording import say

log = logging.getLogger(__name__)


class Blocks(gr.Blocks):  # type: ignore[misc]  # Gradio is untyped here
    """Gradio tells what its components raise with class names in it, or as nothing at all."""

    async def process_api(self, *given: Any, request: gr.Request | None = None, **named: Any) -> dict[str, Any]:
        """Components hear who is asking as well, not only the function."""
        LocalContext.request.set(request)
        try:
            answer: dict[str, Any] = await super().process_api(*given, request=request, **named)
        except Sentence:
            raise
        except Exception as error:
            language = language_of(request)
            raise toast(apology(error, language), language) from error
        return answer

    async def preprocess_data(self, *given: Any, **named: Any) -> list[Any]:
        try:
            values: list[Any] = await super().preprocess_data(*given, **named)
        except Sentence:
            raise
        except Exception as error:
            log.info("a value was refused: %s", type(error).__name__)
            language = language_of(LocalContext.request.get(None))
            raise toast(say("error.bad_value", {}, language), language) from error
        return values
