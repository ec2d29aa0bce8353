"""How much of a body is read at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from outside.doors import API, RESET, UPLOAD
from outside.refusals import Refused, stalled, too_large, too_much
from outside.request import Asked, Message, Receive

MEGABYTE = 1_000_000
MOST_UPLOADED = 1050 * MEGABYTE  # 500 photos of 2 MB; they go to the disk as they come
MOST_CALLED = 28 * MEGABYTE  # a photo of 20 MB as a data URI
MOST_RESET = 10_000  # it names one event
MOST_OTHER = 30 * MEGABYTE  # REST takes one photo
BATCHES = "/batches"  # except here


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


def announced(asked: Asked) -> int:
    """0 where nothing is said, and where a body in pieces makes the word of its length void."""
    length = asked.headers.get("content-length", "0")
    return 0 if "transfer-encoding" in asked.headers else int(length)


@dataclass(frozen=True, slots=True)
class Pace:
    """How slowly a body may come: nothing for a while, and then so much a second of the time that it was waited for."""

    grace_s: float = 30
    bytes_per_s: float = 4000


USUAL_PACE = Pace()
Spend = Callable[[int], int | None]


class Body:
    """Passed on as it comes, whatever length was announced, and given up in the midst of it by a `Refused`.

    `spend` is told of every byte, and answers with the seconds to wait when there were too many. `refusal` is kept,
    because whoever reads a body may make an error of its own from it.
    """

    def __init__(self, receive: Receive, most: int, spend: Spend = lambda _: None, pace: Pace = USUAL_PACE) -> None:
        self._receive, self._most, self._spend, self._pace = receive, most, spend, pace
        self._came, self._waited_s, self._ended = 0, 0.0, False
        self.refusal: Refused | None = None

    async def take(self) -> Message:
        if self._ended:
            return await self._receive()
        try:
            message = await self._next()
            self._count(len(message.get("body", b"")))
        except Refused as refusal:
            self.refusal = refusal
            raise
        self._ended = not message.get("more_body")
        return message

    async def _next(self) -> Message:
        clock = asyncio.get_running_loop().time
        began, allowed = clock(), self._pace.grace_s + self._came / self._pace.bytes_per_s
        try:
            async with asyncio.timeout(allowed - self._waited_s):
                return await self._receive()
        except TimeoutError as error:
            raise stalled() from error
        finally:
            self._waited_s += clock() - began

    def _count(self, size: int) -> None:
        self._came += size
        if self._came > self._most:
            raise too_large(self._most)
        if size and (seconds := self._spend(size)):
            raise too_much(seconds)


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
