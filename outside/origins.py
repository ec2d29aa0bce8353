"""Who may make a browser ask: pages of this site. Others get no answer that they could read, and change nothing."""

from __future__ import annotations

import ipaddress
from collections.abc import Set
from dataclasses import dataclass
from urllib.parse import urlsplit

from outside.request import Asked

HOME = frozenset({"localhost", "127.0.0.1", "::1"})
USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """A host in lower case; `port` is None where none is named."""

    host: str
    port: int | None

    def leads_here(self, here: Place) -> bool:
        """Whether a page of this place belongs to what a `Host` says. Proxies may drop a port, never invent one.

        This machine has other servers, at other ports: there the port must be the same.
        """
        if self.host in HOME and here.host in HOME:
            return self.port == here.port if here.port else self.port in USUAL_PORTS.values()
        return self.host == here.host and here.port in (None, self.port)


def is_foreign(asked: Asked, public: Set[str] = frozenset()) -> bool:
    """Whether another site's page is asking. Programs name no origin. `public` are names that proxies may hide."""
    origin = asked.headers.get("origin")
    if origin is None:
        return False
    theirs = _place(origin)
    if theirs is None:
        return True
    names = (asked.headers.get("host"), asked.headers.get("x-forwarded-host"))
    ours = [place for name in names if name and (place := _place("//" + name))]
    return theirs.host not in public and not any(theirs.leads_here(here) for here in ours)


def is_misdirected(asked: Asked, public: Set[str] = frozenset(), proxies: int = 0) -> bool:
    """Whether the page was reached under somebody else's name, which can be made to point at any machine.

    A number cannot, and the names of this machine are its own.
    """
    forwarded = asked.headers.get("x-forwarded-host") if proxies else None
    name = forwarded or asked.headers.get("host")
    if not name:
        return False  # no browser leaves it out
    place = _place("//" + name)
    return place is None or not (place.host in HOME | public or _is_number(place.host))


def is_home(name: str) -> bool:
    """Whether a server that listens there is heard on this machine alone."""
    return name in HOME or (_is_number(name) and ipaddress.ip_address(name).is_loopback)


def _is_number(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _place(address: str) -> Place | None:
    """None for "null" and for what is no address."""
    try:
        parts = urlsplit(address)
        port = parts.port or USUAL_PORTS.get(parts.scheme)
        return Place(parts.hostname, port) if parts.hostname else None
    except ValueError:
        return None
