"""HTML that cannot be injected: plain text is escaped, only what `tag` built passes as it is."""

from __future__ import annotations

from html import escape


class Html(str):
    """Markup built here; everything else is text and gets escaped."""

    __slots__ = ()


def tag(name: str, *inner: str, **attributes: str) -> Html:
    """`tag("p", "text", class_="note", aria_hidden="true")`; underscores become dashes."""
    listed = "".join(f' {_dashed(key)}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{listed}>{join(*inner)}</{name}>")


def join(*parts: str) -> Html:
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def _dashed(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
