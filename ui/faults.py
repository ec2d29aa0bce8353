"""Errors as a sentence for the person; the log keeps what they do not need to know."""

from __future__ import annotations

import logging
from html import escape

import gradio as gr

from domain import Language
from errors import CutoutRouterError
from ui.strings import words
from wording import say

log = logging.getLogger(__name__)


def apology(error: Exception, language: Language) -> str:
    """The sentence for an error of ours; anything else is a bug, which is logged and apologised for."""
    if isinstance(error, CutoutRouterError):
        return say(f"error.{error.code}", error.facts, language)
    log.error("a handler of the page broke", exc_info=error)
    return say("error.bug", {}, language)


class Sentence(gr.Error):  # type: ignore[misc]  # Gradio is untyped here
    """A refusal in our words. Gradio's components raise `gr.Error` as well, with names of classes in it."""


def toast(sentence: str, language: Language) -> Sentence:
    """Escaped, because toasts are HTML and a sentence may quote the visitor.

    The page hides the title: Gradio writes "Error" there whatever is given. Clients get ours.
    """
    return Sentence(escape(sentence), title=words("error_title", language), print_exception=False)
