"""Whoever asks too often waits for a refusal, the longer the more they ask at once; nobody else does."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

from limits import RateLimitItemPerMinute
from starlette.responses import PlainTextResponse

from outside.delay import Delay
from outside.line import Line
from outside.rates import Kind, Rates
from outside.wall import Wall
from service import Asker
from service.turns import Room
from tests.serving import Served
from ui import RUNS

CALL_OF_A_RUN = (
    b'{"data": [null, "auto", null, "balanced", null, true, false, null], "session_hash": "a-page-of-theirs"}'
)
HOURS = 3600.0  # nobody in these tests waits for that to be over


@asynccontextmanager
async def asking(delay: Delay, visitor: str, times: int):
    """So many of a visitor's questions while the block lasts."""
    asked = [asyncio.create_task(delay.wait(visitor)) for _ in range(times)]
    await asyncio.sleep(0)
    try:
        yield [task.done() for task in asked]
    finally:
        for task in asked:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def test_one_question_after_another_never_waits():
    async def work() -> None:
        delay = Delay(HOURS, HOURS)
        for _ in range(5):
            await delay.wait("one")

    asyncio.run(asyncio.wait_for(work(), 5))


def test_the_more_one_visitor_asks_at_once_the_longer_the_next_waits_up_to_a_bound_and_others_do_not():
    async def work() -> None:
        delay = Delay(HOURS, 5 * HOURS)
        async with asking(delay, "flooder", 3):
            assert delay.seconds("flooder") == 3 * HOURS
            async with asking(delay, "flooder", 7):
                assert delay.seconds("flooder") == 5 * HOURS
            assert delay.seconds("another") == 0
        assert delay.seconds("flooder") == 0

    asyncio.run(work())


def test_no_more_connections_wait_than_there_may():
    async def work() -> None:
        delay = Delay(HOURS, HOURS, most_at_once=4)
        async with asking(delay, "one", 2):
            assert delay.seconds("one") == HOURS
        async with asking(delay, "one", 3), asking(delay, "two", 3):
            assert delay.seconds("one") == 0

    asyncio.run(work())


async def told_by(wall: Wall, visitor: str, **scope: object) -> int:
    """The status of an answer."""
    told: list[int] = []

    async def send(message: dict[str, int]) -> None:
        told.append(message.get("status", 0))

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": CALL_OF_A_RUN}

    headers = [(b"content-type", b"application/json")]
    await wall({"type": "http", "headers": headers, "client": (visitor, 1), **scope}, receive, send)
    return told[0]


async def second_waits(wall: Wall, status: int, **scope: object) -> None:
    """Of three refusals at once, two of one visitor, that one's second."""
    visitors = ("203.0.113.1", "203.0.113.1", "203.0.113.2")
    at_once = [asyncio.create_task(told_by(wall, visitor, **scope)) for visitor in visitors]
    done, waiting = await asyncio.wait(at_once, timeout=0.05)
    assert [task.result() for task in at_once if task in done] == [status] * 2
    assert waiting == {at_once[1]}
    at_once[1].cancel()
    await asyncio.wait(waiting)


def test_at_the_wall_the_second_refusal_at_once_of_one_visitor_waits_and_another_visitors_does_not():
    limits = dict.fromkeys(Kind, RateLimitItemPerMinute(1))
    rates = Rates(limits, dict.fromkeys(Kind, RateLimitItemPerMinute(99)))
    page, line = SimpleNamespace(server_name="0.0.0.0"), Line("runs", Room(), Counter)
    wall = Wall(PlainTextResponse("hello"), page, [], rates, line, delay=Delay(HOURS, HOURS))

    async def work() -> None:
        for visitor in ("203.0.113.1", "203.0.113.2"):
            assert await told_by(wall, visitor, path="/", method="GET") == 200
        await second_waits(wall, 429, path="/", method="GET")

    asyncio.run(work())


def test_who_finds_the_line_full_twice_at_once_waits_as_well(outside: Served):
    line = Line(RUNS, Room(), lambda: Counter({Asker("somebody"): 64}))
    wall = Wall(PlainTextResponse("hello"), outside.page, [], Rates(), line, delay=Delay(HOURS, HOURS))
    asyncio.run(second_waits(wall, 503, path="/gradio_api/call/process", method="POST"))
