"""One HTTP request as the wall looks at it, before anybody else does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers

from domain import Language
from ui.strings import language_in

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Asked:
    """`path` is what the router will see: unquoted, without the query."""

    method: str
    path: str
    headers: Headers
    visitor: str

    @property
    def language(self) -> Language:
        return language_in(self.headers.get("accept-language"))

    @property
    def reads(self) -> bool:
        return self.method in {"GET", "HEAD"}

    @property
    def at_home(self) -> bool:
        """From this machine and through no proxy: the owner, or a test."""
        return self.visitor in LOOPBACK and "x-forwarded-for" not in self.headers


def asked_of(scope: Scope, proxies: int) -> Asked:
    headers = Headers(scope=scope)
    return Asked(scope["method"], scope["path"], headers, visitor_of(headers, _peer(scope), proxies))


def visitor_of(headers: Headers, peer: str, proxies: int) -> str:
    """The address that the outermost of our `proxies` saw: each appends one, so what stands further left is invented.

    `peer` is the address of the connection, with no proxy in between.
    """
    hops = [hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
    return hops[-proxies][:64] if 0 < proxies <= len(hops) else peer


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
