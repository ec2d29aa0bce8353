"""Everything goes wrong at once: requests fail at random, the program is killed again and again; do the books balance?

    python -m bench.chaos                 # 500 runs, 8 at a time, 30 % of requests fail, five SIGKILLs
    python -m bench.chaos --runs 20 --kills 1

The program runs in a process of its own, without its page; the provider is the tests' own Replicate, whose log is the
truth. Two things differ from the real program: leases last two seconds, so that a restart need not wait half a minute,
and breakers never open, or after the first minute everything would rest and nothing would be tried.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from app import build_core
from database import Database
from domain import SelectionRequest
from errors import LeaseLost
from policy.breaker import Rule
from providers import Timing
from providers.mark import carries
from registry import ModelRegistry
from runs import Breakers
from service import Limits, Service, utc_now
from settings import Settings
from tests.fakes.behaviours import Answer, Drop, Reply, problem_reply
from tests.fakes.replicate_server import ReplicateServer
from tests.fakes.wire import Job, Request
from tests.photos import jpeg, product_photo

AT_ONCE = 8
LEASE = timedelta(seconds=2)
NEVER = Rule(failures=10**9)
CAP_USD = 0.03 * 900
LIMIT_S = 900


@dataclass
class Moody(ReplicateServer):
    """Fails a share of all requests, before or after it has done what was asked."""

    share: float = 0.3
    dice: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311  # not a secret
    failed: int = 0

    def answer(self, request: Request) -> Answer:
        with self._lock:
            bad, kind = self.dice.random() < self.share, self.dice.randrange(6)
            self.failed += bad
        if not bad:
            return super().answer(request)
        if kind in (0, 1):
            super().answer(request)  # done, but nobody hears of it
            return Drop() if kind else Reply(200, b'{"id": ')
        self.requests.append(request)
        return (Drop(), problem_reply(500, "chaos"), problem_reply(429, "chaos", {"Retry-After": "1"}), Reply(503))[
            kind - 2
        ]


@dataclass(frozen=True)
class Verdict:
    """What must be zero, and what happened."""

    runs: int
    without_outcome: int
    bought_twice: int
    disagreeing: int
    over_cap_usd: float
    statuses: Counter[str]
    outcomes: Counter[str]
    predictions: int
    requests: int
    failed: int

    @property
    def clean(self) -> bool:
        return not (self.without_outcome or self.bought_twice or self.disagreeing or self.over_cap_usd > 0)


async def briefly(seconds: float) -> None:
    await asyncio.sleep(min(seconds, 0.05))


def settings_of(data_dir: Path, url: str) -> Settings:
    return Settings(
        data_dir=data_dir,
        replicate_api_token=SecretStr("r8_fake"),
        replicate_base_url=url,
        spend_cap_day_usd=CAP_USD,
        run_deadline_s=60,
    )


async def work(data_dir: Path, url: str, runs: int) -> None:
    """Every run under a key of its own, so that a restart asks for the same ones; then until none is unfinished."""
    core = build_core(settings_of(data_dir, url), Timing(sleep=briefly), LEASE)
    tools = replace(core.tools, breakers=Breakers(core.database, utc_now, NEVER, NEVER))
    privacy, rules = core.service.privacy, core.service.exports.rules
    service = Service(ModelRegistry(core.database), tools, Limits(), privacy, rules)
    photo, turns = jpeg(product_photo(96, 72)), asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with turns:
            with suppress(LeaseLost):  # on a busy machine recovery is quicker than a lease of two seconds is renewed
                async for _ in service.run(photo, SelectionRequest(), key=f"run-{number}"):
                    pass

    async def recover() -> None:
        while True:
            await service.recover()
            await asyncio.sleep(0.5)

    recovering = asyncio.create_task(recover())
    await asyncio.gather(*(one(number) for number in range(runs)))
    while ended(data_dir) < runs:  # noqa: ASYNC110  # only the database tells
        await asyncio.sleep(0.5)
    recovering.cancel()


def chaos(data_dir: Path, runs: int, kills: int, seed: int = 7) -> Verdict:
    """Kills are spread over the work: each comes when another part of the runs has ended, at a random moment."""
    dice = random.Random(seed)  # noqa: S311  # not a secret
    ends = time.monotonic() + LIMIT_S
    server = Moody(dice=dice)
    with server:
        for kill in range(kills + 1):
            child = start(data_dir, server.url, runs)
            try:
                last = kill == kills
                wanted = runs if last else runs * (kill + dice.random()) / (kills + 1)
                while child.poll() is None and (last or ended(data_dir) < wanted) and time.monotonic() < ends:
                    time.sleep(0.1)
                if last and child.poll() != 0:
                    raise RuntimeError(f"the last process ended with {child.poll()}")
            finally:
                child.kill()
                child.wait()
        return judged(data_dir, runs, server)


def start(data_dir: Path, url: str, runs: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.chaos", "--serve", str(data_dir), url, "--runs", str(runs)]
    return subprocess.Popen(command, cwd=Path(__file__).parent.parent, stdout=subprocess.DEVNULL)  # noqa: S603  # ourselves


def ended(data_dir: Path) -> int:
    path = data_dir / "cutout-router.db"
    if not path.exists():
        return 0
    database = Database(f"sqlite:///{path}")
    try:
        with database.read() as session:
            return int(session.scalar(text("SELECT count(*) FROM runs WHERE status != 'running'")) or 0)
    except Exception:  # not migrated yet
        return 0
    finally:
        database.close()


def judged(data_dir: Path, runs: int, server: Moody) -> Verdict:
    database = Database(f"sqlite:///{data_dir / 'cutout-router.db'}")
    with database.read() as session:
        statuses = Counter(session.scalars(text("SELECT status FROM runs")))
        attempts = session.execute(text("SELECT model_id, outcome, prediction_id, token FROM attempts")).all()
        spent = session.scalar(text("SELECT sum(micros) FROM spend")) or 0
    database.close()
    hosted = [one for one in attempts if one.token or one.prediction_id]
    jobs = {job.id: job for job in server.jobs}
    known = {one.prediction_id for one in hosted} - {None}
    carried = [
        {name for name in (token_in(job, {one.token for one in hosted if one.token}),) if name} for job in jobs.values()
    ]
    strangers = sum(job.id not in known and not tokens for job, tokens in zip(jobs.values(), carried, strict=True))
    per_token = Counter(token for tokens in carried for token in tokens)
    disagreeing = len(known - set(jobs)) + sum(
        one.outcome == "succeeded" and jobs[one.prediction_id].status != "succeeded"
        for one in hosted
        if one.prediction_id in jobs
    )
    return Verdict(
        runs=sum(statuses.values()),
        without_outcome=runs - sum(statuses.values()) + statuses["running"],
        bought_twice=strangers + sum(count - 1 for count in per_token.values()),
        disagreeing=disagreeing + sum(one.outcome == "started" for one in attempts),
        over_cap_usd=max(0.0, spent / 1e6 - CAP_USD),
        statuses=statuses,
        outcomes=Counter(f"{one.model_id} {one.outcome}" for one in attempts),
        predictions=len(jobs),
        requests=len(server.requests),
        failed=server.failed,
    )


def token_in(job: Job, tokens: set[str]) -> str | None:
    """Which attempt's token the prediction's input carries."""
    values = job.inputs.values()
    return next((token for token in tokens if any(carries(value, token) for value in values)), None)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--serve", nargs=2, metavar=("DATA_DIR", "URL"))
    options = parser.parse_args()
    if options.serve:
        asyncio.run(work(Path(options.serve[0]), options.serve[1], options.runs))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        verdict = chaos(Path(folder), options.runs, options.kills)
    for name, value in vars(verdict).items():
        print(f"{name:16} {dict(value) if isinstance(value, Counter) else value}")
    print("clean" if verdict.clean else "NOT CLEAN")
    return 0 if verdict.clean else 1


if __name__ == "__main__":
    sys.exit(main())
