"""Whose pictures a run's are: known by a hash of the key of the visitor's session, and forgotten with the pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, Text, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, Database, UtcDateTime
from runs.tables import KeyRow, RunRow


class OwnerRow(Base):
    """One run that has pictures. `upload` is the folder of the visitor's own file, if there is one."""

    __tablename__ = "owners"

    run_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    upload: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Owned:
    run_id: str
    upload: str = ""


class Owners:
    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, owner: str, owned: Owned, at: datetime) -> None:
        """The first who claims a run has it."""
        with self._database.write() as session:
            if session.get(OwnerRow, owned.run_id) is None:
                session.add(OwnerRow(run_id=owned.run_id, owner=owner, upload=owned.upload, at=at))

    def pass_on(self, run_id: str, owner: str) -> None:
        """To a new session of whoever knows the run's id: a page that was opened again."""
        with self._database.write() as session:
            session.execute(update(OwnerRow).where(OwnerRow.run_id == run_id).values(owner=owner))

    def of(self, owner: str) -> tuple[Owned, ...]:
        """Nobody owns what has no owner."""
        with self._database.read() as session:
            rows = session.scalars(select(OwnerRow).where(OwnerRow.owner == owner, OwnerRow.owner != ""))
            return tuple(Owned(row.run_id, row.upload) for row in rows)

    def unowned(self, run_id: str) -> tuple[Owned, ...]:
        """The run, when no session owns it: then its id is all there is to know it by."""
        with self._database.read() as session:
            rows = session.scalars(select(OwnerRow).where(OwnerRow.run_id == run_id, OwnerRow.owner == ""))
            return tuple(Owned(row.run_id, row.upload) for row in rows)

    def have(self, upload: str) -> bool:
        """Whether a run that is still there was made from it."""
        with self._database.read() as session:
            return session.scalar(select(OwnerRow.run_id).where(OwnerRow.upload == upload).limit(1)) is not None

    def older_than(self, moment: datetime) -> tuple[Owned, ...]:
        with self._database.read() as session:
            rows = session.scalars(select(OwnerRow).where(OwnerRow.at < moment))
            return tuple(Owned(row.run_id, row.upload) for row in rows)

    def forget(self, run_ids: Iterable[str]) -> None:
        """What of the pictures is written down goes; models, seconds and money stay, for the accounts and the cap."""
        gone = tuple(run_ids)
        with self._database.write() as session:
            for table in (OwnerRow, KeyRow):
                session.execute(delete(table).where(table.run_id.in_(gone)))
            session.execute(update(RunRow).where(RunRow.run_id.in_(gone)).values(photo_sha256="", facts={}, remarks={}))
