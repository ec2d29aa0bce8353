"""A photo from a web address or a data URI: bounded in bytes, seconds and redirects, and only from public machines."""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import socket
import ssl
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import httpx

from errors import InvalidPhoto, PhotoFault
from gate.room import AT_ONCE, Place, Room

Resolve = Callable[[str, int], Coroutine[Any, Any, list[str]]]

MAX_BYTES = 20_000_000
MAX_ADDRESS = 2048
NAMES = ThreadPoolExecutor(AT_ONCE, "names")  # a look-up cannot be stopped, and must hold no thread of anybody else
ROOM = Room()

UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that was given out; what carries IPv4 inside lies elsewhere
SPECIAL = tuple(  # https://www.iana.org/assignments/iana-ipv4-special-registry, and -ipv6-; Pythons differ in them
    map(
        ipaddress.ip_network,
        (
            *("192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24"),
            *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
        ),
    )
)


async def resolve(host: str, port: int) -> list[str]:
    """Every IP address of a host."""
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(NAMES, look_up)
    return [str(address[0]) for *_, address in found]


def is_public(address: str) -> bool:
    """Whether an IP address is of the open internet: given out, and neither a tunnel nor anything special."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip not in UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in SPECIAL)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a fetch may go; `seconds` and `redirects` are for all of it, `max_bytes` for what comes at its end."""

    seconds: float = 8
    redirects: int = 3
    max_bytes: int = MAX_BYTES
    ports: frozenset[int] = frozenset({80, 443})
    resolve: Resolve = resolve
    allows: Callable[[str], bool] = is_public
    room: Room = ROOM


async def fetch(address: str, reach: Reach = Reach(), visitor: str = "") -> bytes:
    """What lies at an http(s) address; raises `InvalidPhoto`.

    Names are resolved once and the connection goes to the address that was checked, at every redirect anew: a name that
    points elsewhere a moment later leads nowhere. No proxy, cookie, login or other header of ours goes along.
    """
    url, place = _parsed(address), reach.room.take(visitor)
    try:
        return await _followed(url, reach, place)
    finally:
        place.let_go()


async def _followed(url: httpx.URL, reach: Reach, place: Place) -> bytes:
    try:
        async with asyncio.timeout(reach.seconds), httpx.AsyncHTTPTransport(verify=_tls()) as transport:
            for _ in range(reach.redirects + 1):
                answer = await _ask(transport, url, reach, place)
                if isinstance(answer, bytes):
                    return answer
                url = answer
    except (TimeoutError, OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise InvalidPhoto(PhotoFault.ADDRESS_FAILED) from error
    raise InvalidPhoto(PhotoFault.ADDRESS_FAILED)


def from_data_uri(uri: str, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a base64 data URI; raises `InvalidPhoto`. Its own word on what it is counts for nothing."""
    head, comma, body = uri.partition(",")
    if not head.startswith("data:") or not head.endswith(";base64") or not comma:
        raise InvalidPhoto(PhotoFault.NOT_A_PICTURE)
    if len(body) * 3 // 4 > max_bytes + 2:
        raise _too_large(len(body) * 3 // 4, max_bytes)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidPhoto(PhotoFault.DAMAGED) from error


def _parsed(address: str) -> httpx.URL:
    if len(address) > MAX_ADDRESS:
        raise InvalidPhoto(PhotoFault.ADDRESS_REFUSED)
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise InvalidPhoto(PhotoFault.ADDRESS_REFUSED) from error
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise InvalidPhoto(PhotoFault.ADDRESS_REFUSED)
    return url


async def _ask(transport: httpx.AsyncHTTPTransport, url: httpx.URL, reach: Reach, place: Place) -> bytes | httpx.URL:
    """The content, or where it is said to be instead."""
    address = await _checked(url, reach, place)
    request = httpx.Request(
        "GET",
        url.copy_with(host=address),
        headers={"Host": url.netloc.decode("ascii"), "Accept": "image/*", "Accept-Encoding": "identity"},
        extensions={"sni_hostname": url.host, "timeout": httpx.Timeout(reach.seconds).as_dict()},
    )
    response = await transport.handle_async_request(request)
    try:
        if response.has_redirect_location:
            return _parsed(str(url.join(response.headers["Location"])))
        if response.status_code != httpx.codes.OK:
            raise InvalidPhoto(PhotoFault.ADDRESS_FAILED)
        return await _read(response, reach.max_bytes)
    finally:
        await response.aclose()


async def _checked(url: httpx.URL, reach: Reach, place: Place) -> str:
    """The IP address to connect to. One private address among public ones is enough to refuse."""
    port = url.port or (443 if url.scheme == "https" else 80)
    if port not in reach.ports:
        raise InvalidPhoto(PhotoFault.ADDRESS_REFUSED)
    found = await _looked_up(reach.resolve(url.host, port), place)
    if not found or not all(map(reach.allows, found)):
        raise InvalidPhoto(PhotoFault.ADDRESS_REFUSED)
    return found[0]


async def _looked_up(looking: Coroutine[Any, Any, list[str]], place: Place) -> list[str]:
    """Who no longer waits for a slow look-up keeps the place until it ends: its thread is busy as long."""
    task = asyncio.ensure_future(looking)
    place.hold()
    task.add_done_callback(partial(_ended, place))
    return await asyncio.shield(task)


def _ended(place: Place, task: asyncio.Task[list[str]]) -> None:
    if not task.cancelled():
        task.exception()  # looked at, or asyncio would complain that nobody did
    place.let_go()


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > max_bytes:
            raise _too_large(len(data), max_bytes)
    return bytes(data)


def _too_large(size: int, max_bytes: int) -> InvalidPhoto:
    return InvalidPhoto(PhotoFault.TOO_MANY_BYTES, megabytes=round(size / 1e6, 1), limit_mb=max_bytes / 1e6)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The certificates that are trusted; reading them costs 40 ms."""
    return httpx.create_ssl_context()
