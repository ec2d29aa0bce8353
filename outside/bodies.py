"""How much of a body is read at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from outside.doors import API, RESET, UPLOAD
from outside.request import Asked, Message, Receive

MEGABYTE = 1_000_000
MOST_UPLOADED = 1050 * MEGABYTE  # 500 photos of 2 MB; they go to the disk as they come
MOST_CALLED = 28 * MEGABYTE  # a photo of 20 MB as a data URI
MOST_RESET = 10_000  # it names one event
MOST_OTHER = 30 * MEGABYTE  # REST takes one photo
BATCHES = "/batches"  # except here


class TooLarge(Exception):
    """The body is longer than it may be; nothing of it is kept."""


class Gone(Exception):
    """The client hung up in the middle of its body."""


def most_bytes(asked: Asked) -> int:
    if asked.path.startswith(UPLOAD) or asked.path == BATCHES:
        return MOST_UPLOADED
    if asked.path.startswith(RESET):
        return MOST_RESET
    return MOST_CALLED if asked.path.startswith(API) else MOST_OTHER


def announces_too_much(asked: Asked, most: int) -> bool:
    """A length that is no number is as bad."""
    length = asked.headers.get("content-length", "0")
    return not length.isdecimal() or int(length[:18]) > most


def bounded(receive: Receive, most: int) -> Receive:
    """Passes the body on as it comes and raises `TooLarge` in the midst of it, whatever length was announced."""
    left = most

    async def take() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge
        return message

    return take


async def whole(receive: Receive) -> bytes:
    return b"".join([part async for part in _parts(receive)])


async def _parts(receive: Receive) -> AsyncGenerator[bytes, None]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, in one piece, and then whatever comes after it."""
    told = False

    async def take() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return take
