"""What a visitor paints on: the picture under a canvas, two brushes, their size. `brush.js` brings it to life."""

from __future__ import annotations

import base64
import secrets

from domain import Language
from ui.markup import Html, tag
from ui.strings import words

_SIGNS = {"keep": "M12 5v14M5 12h14", "erase": "M5 12h14", "back": "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3"}


def easel(picture: bytes, language: Language) -> Html:
    """`picture` is a WebP; it travels in the page itself, so that no address leads to it."""
    address = f"data:image/webp;base64,{base64.b64encode(picture).decode()}"
    return tag(
        "div",
        tag("p", words("touchup_hint", language), class_="easel-hint"),
        _tools(language),
        tag(
            "div",
            Html(f'<img src="{address}" alt="" draggable="false">'),
            tag("canvas", role="img", aria_label=words("touchup_picture", language)),
            tag("div", class_="easel-ring", aria_hidden="true"),
            class_="easel-stage",
        ),
        class_="easel",
        data_brush="erase",
        data_key=secrets.token_hex(4),
    )


def _tools(language: Language) -> Html:
    return tag(
        "div",
        _brush("erase", language, pressed="true"),
        _brush("keep", language, pressed="false"),
        _size(language),
        tag(
            "button",
            _sign("back"),
            type="button",
            class_="easel-back",
            disabled="",
            aria_label=words("touchup_back", language),
            title=words("touchup_back", language),
        ),
        class_="easel-tools",
    )


def _brush(kind: str, language: Language, pressed: str) -> Html:
    named = words(f"touchup_{kind}", language)
    return tag(
        "button", _sign(kind), named, type="button", class_=f"brush {kind}", data_kind=kind, aria_pressed=pressed
    )


def _size(language: Language) -> Html:
    """In pixels of the page, so that the brush is as large as it looks on any screen."""
    size = Html(f'<input type="range" min="6" max="64" value="24" aria-label="{words("touchup_size", language)}">')
    dots = (tag("span", class_=f"dot {one}", aria_hidden="true") for one in ("small", "large"))
    small, large = dots
    return tag("div", small, size, large, class_="easel-size")


def _sign(name: str) -> Html:
    return tag("svg", tag("path", d=_SIGNS[name]), viewBox="0 0 24 24", width="18", height="18", aria_hidden="true")
