"""The page's first look: what depends on the visitor's language and on the state of things at that moment."""

from __future__ import annotations

from types import MethodType
from typing import Any

import gradio as gr

from domain import Language
from service import Service  # at run time: Gradio reads the handlers' hints to find the request
from ui import screen, status
from ui.choices import marketplace_choices, model_choices
from ui.markup import Html
from ui.status import Mood
from ui.strings import language_of
from wording import say

# Gradio's thumbnails are buttons without a name; the file's is better than none. They may come after this runs.
NAME_EXAMPLES = """() => {
  const timer = setInterval(() => {
    const pictures = document.querySelectorAll('#examples button img');
    pictures.forEach((one) => { one.alt = decodeURIComponent(one.src.split('/').pop()).replace(/[.][^.]*$/, ''); });
    if (pictures.length) clearInterval(timer);
  }, 200);
}"""


def fresh_models(service: Service, request: gr.Request) -> Any:
    """The models' states change while people work: a model may rest after a run, or be ready again."""
    return gr.update(choices=model_choices(service.model_states(), language_of(request)))


def greet(service: Service, request: gr.Request) -> tuple[Any, ...]:
    """What depends on the visitor's language and on the models' present states."""
    language = language_of(request)
    return (
        fresh_models(service, request),
        gr.update(choices=marketplace_choices(service.marketplaces(), language)),
        _welcome(service, language),
        screen.empty(language),
    )


def _welcome(service: Service, language: Language) -> Html:
    trouble = service.trouble
    if trouble is None:
        return status.own("status_idle", Mood.IDLE, language)
    return status.own("status_no_books", Mood.WARN, language, trouble=say(f"trouble_name.{trouble}", {}, language))


def wire(service: Service, demo: gr.Blocks, outputs: tuple[Any, ...], quiet: dict[str, Any]) -> Any:
    """`outputs` are the models, the marketplaces, the status line and the place of the picture."""
    demo.load(None, js=NAME_EXAMPLES, api_visibility="private")
    return demo.load(MethodType(greet, service), None, list(outputs), **quiet)
