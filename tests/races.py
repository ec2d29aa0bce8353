"""Two writers at the worst moment for both: one stands before its commit while the other tries to write."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from sqlalchemy import event, text

from database import Database

LOOK_EVERY_S = 0.02
WAITERS = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
First = TypeVar("First")
Second = TypeVar("Second")


def overlapping(database: Database, first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """What both answer. `first` writes to `database` (PostgreSQL) and does not commit before `second`, in a thread of
    its own and through another connection, has come to its end or waits for a lock.
    """
    with ThreadPoolExecutor(1) as pool:
        begun: list[Future[Second]] = []

        def before_commit(_connection: Any) -> None:
            if begun:
                return
            begun.append(pool.submit(second))
            while not (wait(begun, LOOK_EVERY_S).done or _somebody_waits(database)):
                pass

        event.listen(database.engine, "commit", before_commit)
        try:
            answer = first()
        finally:
            event.remove(database.engine, "commit", before_commit)
        return answer, begun[0].result()


def _somebody_waits(database: Database) -> bool:
    with database.read() as session:
        return bool(session.scalar(WAITERS))
