"""The outermost layer: every request passes here first, and every answer last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

import gradio as gr
from starlette.datastructures import MutableHeaders

from api.problems import problem
from domain import Fact
from outside.bodies import USUAL_PACE, Body, Gone, Pace, announced, announces_too_much, most_bytes, replayed, whole
from outside.calls import CALL, Malformed, checked, is_under_way
from outside.delay import Delay
from outside.doors import CALLS, DIRECT, MCP, RESET, is_open
from outside.headers import NEVER, headers_for
from outside.line import Line
from outside.origins import is_foreign, is_home, is_misdirected
from outside.rates import Rates
from outside.refusals import Refused, too_large, too_much
from outside.request import ASGI, Asked, Message, Receive, Scope, Send, asked_of
from service import Asker
from ui.visitor import asker_named
from wording import say

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
BUSY = "error.busy"
LARGE_BODY = 100_000  # bytes; parsing more than that would keep the loop from others
CUT_OFF = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
}  # or it comes on
SENTENCES = {
    HTTPStatus.NOT_FOUND: "outside.not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "outside.method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "error.photo_too_many_bytes",
    HTTPStatus.SERVICE_UNAVAILABLE: BUSY,
}


@dataclass(frozen=True, slots=True)
class Wall:
    """Wraps the whole server. `shown` are the folders whose files may be fetched; `proxies` stand in front of us.

    The page is reached under the names in `public`, and as a Space under `space_host`.
    """

    inner: ASGI
    page: gr.Blocks
    shown: Sequence[Path]
    rates: Rates
    line: Line
    proxies: int = 0
    public: Set[str] = frozenset()
    space_host: str = ""
    pace: Pace = USUAL_PACE
    delay: Delay = field(default_factory=Delay)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        asked = asked_of(scope, self.proxies)
        body = Body(receive, most_bytes(asked), partial(self.rates.spend, asked), self.pace)
        answer = Answer(asked, send, self.line, body)
        try:
            let_in, joining = await self._let_in(asked, body.take)
            with self.line.joining(joining):
                await self.inner(_seen(scope, asked, self.proxies), let_in, answer.send)
        except Refused as refused:
            await answer.refuse(refused)
        except Gone:
            return
        except Exception as error:
            await answer.end_badly(error)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The server's own start and end pass; there is no door for web sockets."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _let_in(self, asked: Asked, body: Receive) -> tuple[Receive, Asker | None]:
        """The request's body, once everything else about it was found in order, and who joins the line by it."""
        names = self.public | {self.space_host}
        if self._is_choosy() and is_misdirected(asked, names, self.proxies):
            raise Refused(HTTPStatus.MISDIRECTED_REQUEST, "outside.foreign_name")
        if asked.method == "OPTIONS" or (not asked.reads and is_foreign(asked, names)):
            raise Refused(HTTPStatus.FORBIDDEN, "outside.foreign_origin")
        if not is_open(asked, self.shown):
            raise Refused(HTTPStatus.NOT_FOUND, "outside.not_found")
        if asked.reads and asked.path.startswith(CALL) and not is_under_way(self.page, asked.path):
            raise Refused(HTTPStatus.NOT_FOUND, "outside.no_event")
        if wait := self.rates.seconds_to_wait(asked):
            await self.delay.wait(asked.visitor)
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "outside.too_many", {"seconds": wait})
        if announces_too_much(asked, most_bytes(asked)):
            raise too_large(most_bytes(asked))
        if wait := self.rates.seconds_until_room(asked, announced(asked)):
            raise too_much(wait)
        return await self._checked(asked, body) if _is_call(asked) else (body, None)

    def _is_choosy(self) -> bool:
        """Whether other names are refused: where they were listed, and where only this machine can ask."""
        listens = getattr(self.page, "server_name", None)  # Gradio says so once it does
        return bool(self.public or (listens and is_home(listens) and not self.proxies))

    async def _checked(self, asked: Asked, receive: Receive) -> tuple[Receive, Asker | None]:
        body = await whole(receive)
        try:
            if len(body) > LARGE_BODY:
                call = await asyncio.to_thread(checked, self.page, asked.path, body)
            else:
                call = checked(self.page, asked.path, body)
        except Malformed as fault:
            unknown = fault.code == "outside.unknown_call"
            raise Refused(HTTPStatus.NOT_FOUND if unknown else HTTPStatus.BAD_REQUEST, fault.code) from fault
        joins = call.fn is not None and call.fn.concurrency_id == self.line.name
        asker = asker_named(asked.visitor, call.session) if joins else None
        if asker and self.line.is_full(asker):
            await self.delay.wait(asked.visitor)
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, BUSY)
        return replayed(call.body, receive), asker


class Answer:
    """Passes an answer on with our headers. Errors are said in our words: others' tell paths and classes."""

    def __init__(self, asked: Asked, send: Send, line: Line, body: Body) -> None:
        self._line = line
        self._body = body
        self._asked = asked
        self._send = send
        self._started = False
        self._replaced = False
        self._ended = False

    async def send(self, message: Message) -> None:
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            if self._is_others_error(message):
                self._replaced = True
                status = HTTPStatus(message["status"])
                if self._asked.path.startswith(DIRECT):  # the page asks nothing there that could fail
                    status = HTTPStatus.BAD_REQUEST
                await self.refuse(self._body.refusal or Refused(status, SENTENCES.get(status, _by_class(status))))
                return
            self._started = True
            self._dress(MutableHeaders(scope=message))
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)

    async def end_badly(self, error: Exception) -> None:
        """A broken answer is closed like any other: Gradio raises where a stream for an unknown session ends."""
        if self._started:
            log.warning("an answer broke off: %s (%s)", self._asked.path[:100], type(error).__name__)
            if not self._ended:
                await self._send({"type": "http.response.body", "body": b""})
            return
        log.error("a request broke: %s %s", self._asked.method, self._asked.path[:100], exc_info=error)
        await self.refuse(Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "error.bug"))

    async def refuse(self, refused: Refused) -> None:
        """A problem in the visitor's language, unless an answer is under way already."""
        if self._started:
            return
        self._started = True
        line: dict[str, Fact] = {"reason": "line", "waiting": self._line.length} if refused.code == BUSY else {}
        facts = {"limit_mb": 20, **line, **refused.facts}
        response = problem(refused.status, say(refused.code, facts, self._asked.language))
        self._dress(response.headers)
        if refused.status in CUT_OFF:
            response.headers["Connection"] = "close"
        if "seconds" in refused.facts:
            response.headers["Retry-After"] = str(refused.facts["seconds"])
        start = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
        await self._send(start)
        body = b"" if self._asked.method == "HEAD" else bytes(response.body)
        self._ended = True
        await self._send({"type": "http.response.body", "body": body})

    def _is_others_error(self, message: Message) -> bool:
        if message["status"] < HTTPStatus.BAD_REQUEST:
            return False
        speaks_mcp = self._asked.path.startswith(MCP) and message["status"] < HTTPStatus.INTERNAL_SERVER_ERROR
        told = MutableHeaders(scope=message).get("content-type", "")
        unwell = self._asked.path == "/health" and message["status"] == HTTPStatus.SERVICE_UNAVAILABLE
        own = told.startswith(PROBLEM) or (unwell and told.startswith("application/json"))
        return not (own or speaks_mcp)

    def _dress(self, headers: MutableHeaders) -> None:
        for name in NEVER:
            if name in headers:
                del headers[name]
        for name, value in headers_for(self._asked.path).items():
            headers[name] = value


def _by_class(status: HTTPStatus) -> str:
    return "outside.malformed" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "error.bug"


def _is_call(asked: Asked) -> bool:
    return asked.method == "POST" and asked.path.startswith((*CALLS, MCP)) and not asked.path.startswith(RESET)


def _seen(scope: Scope, asked: Asked, proxies: int) -> Scope:
    """What the program is told: who really asks, and nothing that only a proxy may say.

    Gradio permits an origin it hears of, and builds the page's addresses from a forwarded host.
    """
    port = scope["client"][1] if scope.get("client") else 0
    unheard = {b"origin"} if proxies else {b"origin", b"x-forwarded-host", b"x-direct-url"}
    headers = [(name, value) for name, value in scope["headers"] if name not in unheard]
    return {**scope, "client": (asked.visitor, port), "headers": headers}
