"""The queue over several processes and machines: procrastinate, on the PostgreSQL that holds everything else.

It says whose turn it is and spreads photos over the workers; what waits and who works on what the desk knows. So a job
that is lost, or delivered twice, costs a little time and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from procrastinate.tasks import Task
from sqlalchemy import text

from batches.desk import Desk, ItemKey
from batches.local import PAUSE_S, Work
from database import Database
from errors import DatabaseError

Photo = Task[[str, int], Coroutine[Any, Any, None], [str, int]]

log = structlog.get_logger("cutout_router")

QUEUE = "batch-photos"
LOCK = 0x7175657565
HEARTBEAT_S, STALLED_AFTER_S = 2.0, 6.0
SWEEP_EVERY_S = 10.0
GRACE_S = 1.0  # for photos to be put back when the program stops
AGAIN_AFTER_S = 5.0  # when the database is away
AWAY = (ConnectorException, DatabaseError)


def prepare(database: Database) -> None:
    """Make the engine's own tables, once, whichever process comes first."""
    with database.alone(LOCK) as session:
        if session.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is None:
            driver: Any = session.connection().connection.driver_connection
            driver.execute(SchemaManager.get_schema())  # many statements, and signs that SQLAlchemy would fill


class PostgresQueue:
    """At most `at_once` photos are worked on in this process; `paused` is true while it takes no more."""

    def __init__(self, desk: Desk, at_once: int, paused: Callable[[], bool] = lambda: False) -> None:
        self._desk = desk
        self._at_once = at_once
        self._paused = paused
        self._task: Photo | None = None

    async def put(self, keys: Sequence[ItemKey]) -> None:
        """Before `work` has begun nothing is put: it begins with everything that waits."""
        if self._task:
            queued = await asyncio.to_thread(self._queued)
            for key in keys:
                if _lock(key) not in queued:
                    await self._put(self._task, key)

    async def work(self, work: Work) -> None:
        while True:
            try:
                await self._work(work)
            except AWAY as error:
                log.warning("batch.queue_away", reason=type(error).__name__)
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _work(self, work: Work) -> None:
        app = App(connector=PsycopgConnector(conninfo=self._address(), min_size=1, max_size=3))

        @app.task(name="cutout_router.photo", queue=QUEUE)
        async def photo(batch_id: str, number: int) -> None:
            await self._carry(ItemKey(batch_id, number), work)

        async with app.open_async():
            self._task = photo
            sweeping = asyncio.create_task(self._sweep(app))
            try:
                await self.put(await asyncio.to_thread(self._desk.waiting))
                await app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._at_once,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    fetch_job_polling_interval=1,
                    update_heartbeat_interval=HEARTBEAT_S,
                    stalled_worker_timeout=STALLED_AFTER_S,
                    shutdown_graceful_timeout=GRACE_S,
                )
            finally:
                self._task = None
                sweeping.cancel()

    async def _carry(self, key: ItemKey, work: Work) -> None:
        claim = None if self._paused() else await asyncio.to_thread(self._desk.claim, key)
        if claim and not await work(claim):
            await asyncio.sleep(PAUSE_S)
            if self._task:
                await self._put(self._task, key)

    async def _put(self, task: Photo, key: ItemKey) -> None:
        """Low numbers first, so that a small batch need not wait for a large one; each photo stands in line once."""
        job = task.configure(queueing_lock=_lock(key), priority=-key.number)
        with suppress(AlreadyEnqueued):
            await job.defer_async(batch_id=key.batch_id, number=key.number)

    async def _sweep(self, app: App) -> None:
        """Jobs of workers that died go, and their photos stand in line again when their leases have lapsed."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER_S):
                    await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
                await self.put(await asyncio.to_thread(self._desk.waiting))
            except AWAY as error:
                log.warning("batch.queue_away", reason=type(error).__name__)

    def _queued(self) -> set[str]:
        """The photos that stand in line, those of batches that were stopped among them."""
        jobs = text("SELECT queueing_lock FROM procrastinate_jobs WHERE queue_name = :queue AND status = 'todo'")
        with self._desk.database.read() as session:
            return set(session.scalars(jobs, {"queue": QUEUE}))

    def _address(self) -> str:
        """The same database, as its driver names it; it holds the password and is never logged."""
        url = self._desk.database.engine.url.set(drivername="postgresql")
        return url.render_as_string(hide_password=False)


def _lock(key: ItemKey) -> str:
    return f"{key.batch_id}/{key.number}"
