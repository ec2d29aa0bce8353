"""Bodies that are too long, too many, or never come."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from limits import RateLimitItemPerHour
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from outside.bodies import Body, Pace, whole
from outside.line import Line
from outside.rates import Rates
from outside.refusals import Refused
from outside.wall import Wall
from service.turns import Room

SMALL = Rates(volume_each=RateLimitItemPerHour(1000, 6))


def coming(*parts: bytes, ends: bool = True):
    """A body in pieces; one without end stops coming after them."""
    left = [{"body": part, "more_body": True} for part in parts] + [{"body": b""}] * ends

    async def receive():
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.request", **left.pop(0)}

    return receive


def read(body: Body) -> bytes:
    return asyncio.run(whole(body.take))


def refusal(body: Body) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        read(body)
    assert body.refusal is caught.value
    return caught.value.status, caught.value.code


def test_a_body_comes_through_as_it_is():
    assert read(Body(coming(b"one, ", b"two"), most=8)) == b"one, two"


def test_a_body_without_end_is_left_where_it_grows_too_large():
    assert refusal(Body(coming(*[b"x" * 1000] * 20), most=10_000)) == (413, "outside.too_large")


def test_a_body_that_stops_coming_is_given_up():
    assert refusal(Body(coming(b"x", ends=False), most=9, pace=Pace(grace_s=0.01))) == (408, "outside.stalled")


def test_what_came_gives_more_time_and_a_trickle_gives_hardly_any():
    pace = Pace(grace_s=0.01, bytes_per_s=1e9)
    assert refusal(Body(coming(*[b"x"] * 50, ends=False), most=99, pace=pace)) == (408, "outside.stalled")


def test_the_time_between_body_and_answer_is_nobodys_to_bound():
    async def waits() -> bool:
        body = Body(coming(), most=9, pace=Pace(grace_s=0.01))
        await whole(body.take)
        waiting = asyncio.ensure_future(body.take())
        done, _ = await asyncio.wait([waiting], timeout=0.05)
        waiting.cancel()
        return not done

    assert asyncio.run(waits())


def test_every_byte_is_counted_as_it_comes():
    spent: list[int] = []
    read(Body(coming(b"one", b"", b"three"), most=9, spend=spent.append))
    assert spent == [3, 5]


def test_a_body_is_left_where_the_visitor_has_sent_too_much():
    assert refusal(Body(coming(b"x" * 5), most=9, spend=lambda _: 61)) == (429, "outside.too_much")


async def breaks(scope: Any, receive: Any, send: Any) -> None:
    """As Gradio does: what breaks a body becomes an error of the server, and is raised again."""
    try:
        await Request(scope, receive).body()
    except Exception:
        await PlainTextResponse("Internal Server Error", 500)(scope, receive, send)
        raise


async def answer(receive: Any, **headers: str) -> tuple[dict[str, str], str]:
    """What is told to whoever uploads that."""
    page = SimpleNamespace(server_name="0.0.0.0")
    wall = Wall(breaks, page, [], SMALL, Line("runs", Room(), Counter), pace=Pace(grace_s=0.01))
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/upload", "headers": raw, "client": ("192.0.2.7", 1)}
    await wall(scope, receive, send)
    start, body = told
    names = {name.decode(): value.decode() for name, value in start["headers"]}
    return {"status": str(start["status"]), **names}, body["body"].decode()


@pytest.mark.parametrize(
    ("headers", "receive", "status", "said"),
    [
        ({}, coming(b"x", ends=False), "408", "слишком медленно"),
        ({"content_length": "2000000000"}, coming(), "413", "1050"),
        ({"content_length": "1001"}, coming(), "429", "загружено слишком много"),
        ({}, coming(b"x" * 1001), "429", "загружено слишком много"),
        (
            {"content_length": "1", "transfer_encoding": "chunked"},
            coming(b"x" * 1001),
            "429",
            "загружено слишком много",
        ),
    ],
)
def test_who_uploads_too_much_or_too_slowly_hears_a_sentence_and_is_hung_up_on(
    headers: dict[str, str], receive: Any, status: str, said: str
):
    names, body = asyncio.run(answer(receive, accept_language="ru", **headers))
    assert (names["status"], names["content-type"], names["connection"]) == (
        status,
        "application/problem+json",
        "close",
    )
    assert said in body
    assert ("retry-after" in names) is (status == "429")
