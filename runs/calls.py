"""How many calls of a hosted provider are under way, and how many were sent in the last minute, over all workers.

The rows are shared, so two machines together keep what one alone would. A worker that dies holds its place only until
its call could have ended anyway.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from database import Database
from domain import ModelInfo, Photo, ProviderKind, ProviderOutput, Readiness
from errors import DatabaseError, NoTurn
from providers import NO_TRAIL, Deadline, Fate, Listener, Provider, Timing, Trail
from runs.tables import CallRow

log = structlog.get_logger("cutout_router")

LOCK = 0x63616C6C73
MINUTE = timedelta(minutes=1)
SLACK_S = 10  # after a call's deadline, for it to be cleaned up
LONGEST_PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave for one call; without one, `wait_s` says when to ask again."""

    call_id: str | None = None
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Calls:
    """`now` gives moments with a time zone."""

    database: Database
    now: Callable[[], datetime]
    at_once: int
    per_minute: int

    def enter(self, provider: str, lease_s: float) -> Turn:
        with self.database.alone(LOCK) as session:
            now = self.now()
            over = or_(CallRow.until.is_(None), CallRow.until < now)
            session.execute(delete(CallRow).where(CallRow.at < now - MINUTE, over))
            wait_s = self._wait_s(session, provider, now)
            if wait_s:
                return Turn(wait_s=wait_s)
            row = CallRow(call_id=uuid.uuid4().hex, provider=provider, at=now, until=now + timedelta(seconds=lease_s))
            session.add(row)
            return Turn(row.call_id)

    def leave(self, call_id: str) -> None:
        with self.database.write() as session:
            session.execute(update(CallRow).where(CallRow.call_id == call_id).values(until=None))

    def _wait_s(self, session: Session, provider: str, now: datetime) -> float:
        """Zero when there is room."""
        mine = CallRow.provider == provider
        if _count(session, mine, CallRow.until >= now) >= self.at_once:
            return 1.0
        recent = (mine, CallRow.at >= now - MINUTE)
        if _count(session, *recent) < self.per_minute:
            return 0.0
        oldest = session.scalars(select(func.min(CallRow.at)).where(*recent)).one()
        return max(0.1, (oldest + MINUTE - now).total_seconds())


class InTurn:
    """A provider whose hosted models are called only when there is room for one more call."""

    def __init__(self, inner: Provider, calls: Calls, timing: Timing) -> None:
        self._inner = inner
        self._calls = calls
        self._timing = timing

    def ready(self, model: ModelInfo) -> Readiness:
        return self._inner.ready(model)

    async def run(
        self, photo: Photo, model: ModelInfo, deadline_s: float, listen: Listener, trail: Trail = NO_TRAIL
    ) -> ProviderOutput:
        """As the provider's own; waiting counts, and who gets no turn before the deadline raises `NoTurn`."""
        if model.is_local:
            return await self._inner.run(photo, model, deadline_s, listen, trail)
        deadline = self._timing.deadline(deadline_s)
        call_id = await self._turn(model, deadline)
        try:
            return await self._inner.run(photo, model, deadline.left, listen, trail)
        finally:
            if call_id:
                await asyncio.shield(asyncio.to_thread(self._leave, call_id))

    async def abandon(self, trail: Trail, deadline_s: float) -> Fate:
        """Without a turn: it buys nothing, and ends what is under way."""
        return await self._inner.abandon(trail, deadline_s)

    async def _turn(self, model: ModelInfo, deadline: Deadline) -> str | None:
        """None when the books cannot be opened: then nothing is bought anyway that is not written down."""
        while not deadline.passed:
            try:
                turn = await asyncio.to_thread(self._calls.enter, model.provider, deadline.left + SLACK_S)
            except DatabaseError:
                return None
            if turn.call_id:
                return turn.call_id
            await deadline.pause(min(turn.wait_s, LONGEST_PAUSE_S))
        raise NoTurn

    def _leave(self, call_id: str) -> None:
        try:
            self._calls.leave(call_id)
        except DatabaseError as error:
            log.warning("calls.not_left", reason=str(error))  # its place is free when its time is up


def in_turn(
    providers: Mapping[ProviderKind, Provider], calls: Calls, timing: Timing
) -> Mapping[ProviderKind, Provider]:
    return {kind: InTurn(provider, calls, timing) for kind, provider in providers.items()}


def _count(session: Session, *where: ColumnElement[bool]) -> int:
    return int(session.scalars(select(func.count()).select_from(CallRow).where(*where)).one())
