"""The page as a whole, and what `launch` has to be told about its look."""

from __future__ import annotations

from inspect import isfunction
from pathlib import Path
from typing import Any, get_type_hints

import gradio as gr

from service import Batches, Service
from ui import batch_endpoint, batch_tab, endpoints, run_tab
from ui.blocks import Blocks
from ui.markup import Html, tag
from ui.strings import I18N, label
from ui.theme import theme

NAME = "Cutout Router"
LOGO = Html(
    '<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">'
    '<rect x="1" y="1" width="30" height="30" rx="8" class="logo-ground"/>'
    '<path d="M16 6a10 10 0 0 0 0 20z" class="logo-solid"/>'
    '<path d="M16 6a10 10 0 0 1 0 20" class="logo-cut" fill="none"/></svg>'
)
# Gradio confines style.css to the inside of the page; toasts and the page's own edges lie outside.
OUTER_STYLE = (
    ".toast-title { display: none !important }"
    ".gradio-container > .main { max-width: 1280px !important; margin-inline: auto !important }"
    "@media (max-width: 480px) { .gradio-container > .main { padding: 14px !important } }"
)
HEAD = (
    '<meta name="description" content="A product photo in, a clean cutout and the reason for its model out.">'
    '<meta name="color-scheme" content="light dark">'
    f"<style>{OUTER_STYLE}</style>"
)
UPLOADS_KEPT_S = 6 * 3600  # as long as a page may reasonably stay open

LAUNCH: dict[str, Any] = {
    "theme": theme(),
    "css_paths": [Path(__file__).with_name(name) for name in ("style.css", "touchup.css", "export.css", "batch.css")],
    "i18n": I18N,
    "head": HEAD,
    "favicon_path": Path(__file__).with_name("favicon.svg"),
    "footer_links": ["api", "settings"],
}


def build(service: Service, batches: Batches) -> gr.Blocks:
    with Blocks(title=NAME, delete_cache=(1800, UPLOADS_KEPT_S), analytics_enabled=False) as demo:
        with gr.Row(elem_id="masthead"):
            gr.HTML(tag("h1", LOGO, tag("span", NAME)), elem_id="brand")
            gr.HTML(label("promise"), elem_id="promise")
        endpoints.build(service)  # first, so that no event of the page takes one of their names
        batch_endpoint.build(batches)
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab(label("tab_one"), id="one"):
                run_tab.build(service, demo)
            with gr.Tab(label("tab_many"), id=batch_tab.TAB):
                batch_tab.build(batches, demo, tabs, run_tab.QUIET)
    _evaluate_hints(demo)
    return demo


def _evaluate_hints(demo: gr.Blocks) -> None:
    """Once; Gradio reads them at every call, and would take 3 ms for those that are written as words."""
    for one in demo.fns.values():
        if isfunction(one.fn):
            one.fn.__annotations__ = get_type_hints(one.fn)
