"""Whole batches against a fake Replicate: does every photo end, is nothing bought twice, does memory stay flat?

    python -m bench.batches calm                   # 200 photos, 4 at a time, v2 fails at random 30 %
    python -m bench.batches kills                  # the same, with three SIGKILLs at random moments
    python -m bench.batches postgres               # the same on PostgreSQL, two workers, one of them killed
    python -m bench.batches memory                 # the highest memory of 200 photos against that of 20

The workers are processes of their own; the provider's log is the truth. Leases last two seconds instead of thirty, and
pauses between polls are short, so that little of the time is spent on waiting.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

import chores
from app import Core, build_core
from batches import Handed
from bench.chaos import token_in
from bench.compose import mib_highest, mib_now
from database import Database
from domain import BatchOptions, BatchStatus, SelectionRequest
from memory import give_back_large
from observability import configure_logging
from providers import Timing
from settings import Settings
from tests.fakes.behaviours import Behaviour, Inputs, fail
from tests.fakes.postgres import postgres
from tests.fakes.replicate_server import V2, ReplicateServer
from tests.photos import jpeg, product_photo

AT_ONCE = 4
LEASE = timedelta(seconds=2)
LIMIT_S = 3000
SMALL, PHONE = (96, 72), (1600, 1200)


@dataclass
class Picky(ReplicateServer):
    """v2 fails at random."""

    share: float = 0.3
    dice: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311  # not a secret
    failed: int = 0

    def _next(self, model: str, inputs: Inputs) -> Behaviour:
        if V2.fits(model, inputs) and self.dice.random() < self.share:
            self.failed += 1
            return fail()
        return super()._next(model, inputs)


@dataclass(frozen=True)
class Verdict:
    """What must be zero, and what happened."""

    photos: int
    without_outcome: int
    bought_twice: int
    runs_too_many: int
    batch: str
    states: Counter[str]
    fallbacks: int
    predictions: int
    v2_failed: int
    cost_usd: float
    kills: int
    seconds: float

    @property
    def clean(self) -> bool:
        whole = self.batch == BatchStatus.ENDED and sum(self.states.values()) == self.photos
        return whole and not (self.without_outcome or self.bought_twice or self.runs_too_many)


async def briefly(seconds: float) -> None:
    await asyncio.sleep(min(seconds, 0.2))


@contextmanager
def program(data_dir: Path, replicate: str, database: str) -> Iterator[Core]:
    settings = Settings(data_dir=data_dir, database_url=database, batch_at_once=AT_ONCE, run_deadline_s=900)
    if replicate:
        hosted = {"replicate_api_token": SecretStr("r8_fake"), "replicate_base_url": replicate}
        settings = settings.model_copy(update=hosted)
    core = build_core(settings, Timing(sleep=briefly), LEASE)
    try:
        yield core
    finally:
        core.database.close()


def hand_in(core: Core, photos: int, size: tuple[int, int]) -> str:
    """Every photo another one, as far as its bytes go; answers with the batch, which is started."""
    one = jpeg(product_photo(*size))

    async def begin(folder: Path) -> str:
        files = []
        for number in range(photos):
            path = folder / f"{number}.jpg"
            path.write_bytes(one + number.to_bytes(4, "big"))
            files.append(Handed(path.name, path))
        batch_id = await core.batches.take(files, BatchOptions(request=SelectionRequest(), marketplaces=("ozon",)))
        await core.batches.start(batch_id)
        return batch_id

    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(begin(Path(name)))


async def serve(data_dir: Path, replicate: str, database: str, batch_id: str) -> None:
    """What the program does for batches, without its page, until the batch is over."""
    with program(data_dir, replicate, database) as core:
        base = mib_now()

        async def recover() -> None:
            while True:
                await core.service.recover()
                await asyncio.sleep(0.5)

        tidy = chores.tidy(core.database, core.tools.ledger)
        work = [asyncio.create_task(one) for one in (recover(), core.batches.work(), tidy, chores.give_back())]
        while (await core.batches.report(batch_id)).status is BatchStatus.RUNNING:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        for chore in work:
            chore.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    print(json.dumps({"base": round(base, 1), "highest": round(mib_highest(), 1)}))


def start(data_dir: Path, replicate: str, database: str, batch_id: str) -> subprocess.Popen[bytes]:
    work = [str(data_dir), replicate, database, batch_id]
    return subprocess.Popen(  # noqa: S603  # ourselves
        [sys.executable, "-m", "bench.batches", "serve", *work],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def batch(data_dir: Path, photos: int, kills: int, database: str = "", workers: int = 1, seed: int = 7) -> Verdict:
    """Each kill takes one worker, when another part of the photos is done; a lone worker is started again."""
    dice, begun = random.Random(seed), time.monotonic()  # noqa: S311  # not a secret
    server = Picky(dice=dice)
    with server:
        with program(data_dir, server.url, database) as core:
            batch_id, address = hand_in(core, photos, SMALL), core.settings.database
        fleet = [start(data_dir, server.url, database, batch_id) for _ in range(workers)]
        try:
            for kill in range(kills):
                wait_for(address, photos * (kill + dice.random()) / (kills + 1), begun)
                victim = fleet.pop(0)
                victim.kill()
                victim.wait()
                if not fleet:
                    fleet.append(start(data_dir, server.url, database, batch_id))
            wait_for(address, photos, begun)
            for one in fleet:
                one.wait(60)
        finally:
            for one in fleet:
                one.kill()
        return judged(address, photos, server, kills, time.monotonic() - begun)


def wait_for(address: str, wanted: float, begun: float) -> None:
    database = Database(address)
    done = text("SELECT count(*) FROM batch_items WHERE state NOT IN ('waiting', 'working')")
    while time.monotonic() - begun < LIMIT_S:
        with database.read() as session:
            if session.scalar(done) >= wanted:
                break
        time.sleep(0.2)
    database.close()


NOT_LOST = text(
    "SELECT count(*) FROM runs WHERE NOT (status = 'interrupted' AND run_id NOT IN (SELECT run_id FROM attempts))"
)
"""Not counted is a run whose process died before its photo was kept: it asked for nothing, and is made afresh."""


def judged(address: str, photos: int, server: Picky, kills: int, seconds: float) -> Verdict:
    database = Database(address)
    with database.read() as session:
        states = Counter(session.scalars(text("SELECT state FROM batch_items")))
        status = session.scalar(text("SELECT status FROM batches"))
        fallbacks = session.scalar(text("SELECT sum(fallbacks) FROM batch_items"))
        runs = session.scalar(NOT_LOST)
        cost = session.scalar(text("SELECT sum(micros) FROM spend")) or 0
        attempts = session.execute(text("SELECT prediction_id, token FROM attempts")).all()
    database.close()
    tokens, known = {one.token for one in attempts if one.token}, {one.prediction_id for one in attempts}
    carried = [token_in(job, tokens) for job in server.jobs]
    strangers = sum(token is None and job.id not in known for job, token in zip(server.jobs, carried, strict=True))
    twice = sum(count - 1 for token, count in Counter(carried).items() if token)
    return Verdict(
        photos=photos,
        without_outcome=states["waiting"] + states["working"],
        bought_twice=strangers + twice,
        runs_too_many=int(runs) - photos,
        batch=status,
        states=states,
        fallbacks=int(fallbacks),
        predictions=len(server.jobs),
        v2_failed=server.failed,
        cost_usd=float(cost) / 1e6,
        kills=kills,
        seconds=round(seconds, 1),
    )


def memory(photos: int) -> dict[str, float]:
    """Of a worker with the embedded engine and files for one marketplace, in MiB."""
    with tempfile.TemporaryDirectory() as name:
        with program(Path(name), "", "") as core:
            batch_id = hand_in(core, photos, PHONE)
        child = start(Path(name), "", "", batch_id)
        told, _ = child.communicate(timeout=LIMIT_S)
        measured: dict[str, float] = json.loads(told)
        return measured


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=["calm", "kills", "postgres", "memory", "serve"])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--photos", type=int, default=200)
    options = parser.parse_args()
    configure_logging(logging.CRITICAL)
    give_back_large()
    if options.what == "serve":
        data_dir, *others = options.rest
        asyncio.run(serve(Path(data_dir), *others))
        return 0
    if options.what == "memory":
        return _compared(options.photos)
    with tempfile.TemporaryDirectory() as name:
        verdict = _tried(options.what, Path(name), options.photos)
    for key, value in vars(verdict).items():
        print(f"{key:16} {dict(value) if isinstance(value, Counter) else value}")
    print("clean" if verdict.clean else "NOT CLEAN")
    return 0 if verdict.clean else 1


def _tried(what: str, folder: Path, photos: int) -> Verdict:
    if what == "postgres":
        with postgres() as address:
            return batch(folder, photos, 1, address, workers=2)
    return batch(folder, photos, 3 if what == "kills" else 0)


def _compared(photos: int) -> int:
    few, many = memory(photos // 10), memory(photos)
    growth = many["highest"] / few["highest"] - 1
    print(f"{photos // 10} photos: {few}\n{photos} photos: {many}\ngrowth {growth:+.1%} (asked: within 15 %)")
    return 0 if growth <= 0.15 else 1


if __name__ == "__main__":
    sys.exit(main())
