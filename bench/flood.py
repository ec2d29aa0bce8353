"""One flooder among ordinary visitors, and a thousand arrivals at once.

    python -m bench.flood [--visitors 20] [--arrivals 1000]

Visitors are told apart by the address that a proxy appends; the program is told that it has one in front. Compared are
the ordinary visitors' 95th percentiles without and with the flooder, in turns, so that other load falls on both. The
flooder is a process that steps back behind the program: elsewhere it would not take its processors, either. All of it
takes six minutes and wants a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median, quantiles

import httpx

from bench.serving import Program, program
from tests.photos import jpeg, product_photo

ASKED_RATIO, ASKED_S, ASKED_GROWTH = 1.2, 5.0, 0.05
WAVES = 4
EVERY_S = 3.0
FLOODERS_CALLS, PAUSE_S = 100, 0.2  # at once, and after each answer: more than their places in the line
FILE = {"_type": "gradio.FileData"}


@dataclass(frozen=True)
class Told:
    """`word`: cutout, busy (a sentence), refused (a status), or wrong."""

    word: str
    seconds: float


def client_of(url: str, connections: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=url, timeout=180, limits=limits)


async def call(client: httpx.AsyncClient, photo: str, address: str, session: str) -> Told:
    """One photo as a page or client sends it."""
    begun = time.perf_counter()
    headers = {"X-Forwarded-For": address}
    body = {
        "data": [{"path": photo, "meta": FILE}, "auto", None, "balanced", None, True, False, None],
        "session_hash": session,
    }
    try:
        answer = await client.post("/gradio_api/call/process", json=body, headers=headers)
        if answer.status_code != 200:
            sound = answer.headers["content-type"] == "application/problem+json" and answer.status_code in {429, 503}
            return Told("refused" if sound else f"wrong {answer.status_code}", time.perf_counter() - begun)
        event = answer.json()["event_id"]
        told = (await client.get(f"/gradio_api/call/process/{event}", headers=headers)).text
    except httpx.HTTPError as error:
        return Told(f"wrong {type(error).__name__}", time.perf_counter() - begun)
    return Told(_word(told), time.perf_counter() - begun)


def _word(told: str) -> str:
    if "event: complete" in told:
        return "cutout" if "cutout.png" in told else "wrong end"
    data = told.rpartition("data: ")[2].strip()
    return "busy" if "in line" in str(json.loads(data or "null")) else f"wrong {told[-200:]!r}"


async def ordinary(client: httpx.AsyncClient, photo: str, visitors: int) -> list[Told]:
    """Visitors who come one after another within some seconds, each with one photo."""

    async def visit(number: int) -> Told:
        await asyncio.sleep(EVERY_S * number)
        return await call(client, photo, f"203.0.113.{number}", str(uuid.uuid4()))

    return list(await asyncio.gather(*(visit(number) for number in range(visitors))))


async def flood(url: str, photo: str, begun: Event, over: Event) -> Counter[str]:
    """As many calls as it gets in, from one address, each in a session of its own, without ever waiting."""
    told: Counter[str] = Counter()

    async def again() -> None:
        while True:
            one = await call(client, photo, "198.51.100.66", str(uuid.uuid4()))
            told[one.word.partition(" ")[0]] += 1
            await asyncio.sleep(PAUSE_S)

    async with client_of(url, FLOODERS_CALLS) as client:
        calls = [asyncio.create_task(again()) for _ in range(FLOODERS_CALLS)]
        begun.set()
        await asyncio.to_thread(over.wait)
        for one in calls:
            one.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    return told


def be_flooder(url: str, photo: str, begun: Event, over: Event, told: Connection) -> None:
    os.nice(19)
    told.send(asyncio.run(flood(url, photo, begun, over)))


@contextmanager
def flooding(url: str, photo: str, got: Counter[str]) -> Iterator[None]:
    """In a process of its own; `got` counts its answers."""
    processes = get_context("spawn")
    begun, over, (told, tells) = processes.Event(), processes.Event(), processes.Pipe(duplex=False)
    flooder = processes.Process(target=be_flooder, args=(url, photo, begun, over, tells), daemon=True)
    flooder.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        got.update(told.recv())
        flooder.join()


async def compare(client: httpx.AsyncClient, photo: str, visitors: int) -> int:
    calm: list[Told] = []
    flooded: list[Told] = []
    flooder: Counter[str] = Counter()
    await ordinary(client, photo, 4)
    for _ in range(2):
        calm += await ordinary(client, photo, visitors)
        with flooding(str(client.base_url), photo, flooder):
            await asyncio.sleep(EVERY_S)  # for the flood to be one
            flooded += await ordinary(client, photo, visitors)
    ratio = p95(flooded) / p95(calm)
    print(f"{'':<22} {'median s':>9} {'p95 s':>9}  answers")
    for name, told in (("alone", calm), ("with one flooder", flooded)):
        words = dict(Counter(one.word for one in told))
        print(f"{name:<22} {median(one.seconds for one in told):>9.2f} {p95(told):>9.2f}  {words}")
    print(f"p95 ratio {ratio:.2f} (asked <= {ASKED_RATIO}); the flooder got {dict(flooder)}")
    return int(ratio > ASKED_RATIO) + sum(one.word != "cutout" for one in flooded)


def p95(told: list[Told]) -> float:
    return quantiles([one.seconds for one in told], n=20)[-1]


async def arrive(client: httpx.AsyncClient, photo: str, arrivals: int) -> int:
    """Everybody at once, each from an address of their own."""
    visits = (call(client, photo, f"10.{n >> 8}.{n & 255}.1", str(uuid.uuid4())) for n in range(arrivals))
    told = await asyncio.gather(*visits)
    words = Counter(one.word for one in told)
    refused = [one.seconds for one in told if one.word in {"busy", "refused"}]
    by_word = {word: f"{max(one.seconds for one in told if one.word == word):.1f} s" for word in words}
    wrong = sum(count for word, count in words.items() if word.startswith("wrong"))
    last = max(refused, default=0.0)
    print(
        f"{arrivals} at once: {dict(words)}; the last refusal after {last:.1f} s (asked < {ASKED_S:.0f} s); {by_word}"
    )
    return wrong + (last > ASKED_S)


async def measure(served: Program, visitors: int, arrivals: int) -> int:
    async with client_of(served.url, 2 * arrivals + visitors) as client:
        sent = await client.post("/gradio_api/upload", files={"files": ("mug.jpg", jpeg(product_photo(640, 480)))})
        photo = sent.json()[0]
        faults = await compare(client, photo, visitors) if visitors else 0
        before = 0.0
        for wave in range(WAVES):
            faults += await arrive(client, photo, arrivals)
            after = served.megabytes
            before = after if wave < 2 else before  # the first only fills what is always kept
            print(f"memory {after:.0f} MB")
        print(f"growth from the second wave to the last {after / before - 1:+.1%} (asked <= {ASKED_GROWTH:.0%})")
        return faults + (after > before * (1 + ASKED_GROWTH))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--arrivals", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, program(Path(folder), TRUSTED_PROXIES="1") as served:
        faults = asyncio.run(measure(served, options.visitors, options.arrivals))
    print(f"{faults} faults (asked: 0)")
    return min(faults, 1)


if __name__ == "__main__":
    raise SystemExit(main())
