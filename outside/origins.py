"""Who may make a browser ask: pages of this site. Others get no answer that they could read, and change nothing."""

from __future__ import annotations

from urllib.parse import urlsplit

from outside.request import Asked

HOME = frozenset({"localhost", "127.0.0.1", "::1"})


def is_foreign(asked: Asked, public_host: str) -> bool:
    """Whether another site's page is asking. Programs name no origin. `public_host` is a name that proxies may hide."""
    origin = asked.headers.get("origin")
    if origin is None:
        return False
    names = (asked.headers.get("host"), asked.headers.get("x-forwarded-host"), public_host)
    ours = {_host("//" + name) for name in names if name}
    theirs = _host(origin)
    return theirs is None or not (theirs in ours or (theirs in HOME and ours & HOME))


def _host(address: str) -> str | None:
    """In lower case; None for "null" and for what is no address."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
