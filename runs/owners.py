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


class UploadRow(Base):
    """The folder of a file that was handed over by a session, or for a batch, which is then called the owner."""

    __tablename__ = "uploads"

    folder: Mapped[str] = mapped_column(String(512), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
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

    def claim_uploads(self, owner: str, folders: Iterable[str], at: datetime) -> None:
        with self._database.write() as session:
            for folder in folders:
                session.merge(UploadRow(folder=folder, owner=owner, at=at))

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

    def uploads_of(self, owner: str) -> tuple[str, ...]:
        with self._database.read() as session:
            return tuple(session.scalars(select(UploadRow.folder).where(UploadRow.owner == owner)))

    def have(self, upload: str) -> bool:
        """Whether a run that is still there was made from it, or a session still has it."""
        of_run = select(OwnerRow.run_id).where(OwnerRow.upload == upload)
        of_session = select(UploadRow.owner).where(UploadRow.folder == upload)
        with self._database.read() as session:
            return any(session.scalar(asked.limit(1)) is not None for asked in (of_run, of_session))

    def older_than(self, moment: datetime) -> tuple[Owned, ...]:
        with self._database.read() as session:
            rows = session.scalars(select(OwnerRow).where(OwnerRow.at < moment))
            return tuple(Owned(row.run_id, row.upload) for row in rows)

    def forget_uploads(self, owner: str, only: Iterable[str] | None = None) -> None:
        theirs = delete(UploadRow).where(UploadRow.owner == owner)
        with self._database.write() as session:
            session.execute(theirs if only is None else theirs.where(UploadRow.folder.in_(tuple(only))))

    def forget_old_uploads(self, moment: datetime) -> None:
        """Their files go by their own age."""
        with self._database.write() as session:
            session.execute(delete(UploadRow).where(UploadRow.at < moment))

    def forget(self, run_ids: Iterable[str]) -> None:
        """What of the pictures is written down goes; models, seconds and money stay, for the accounts and the cap."""
        gone = tuple(run_ids)
        with self._database.write() as session:
            for table in (OwnerRow, KeyRow):
                session.execute(delete(table).where(table.run_id.in_(gone)))
            session.execute(update(RunRow).where(RunRow.run_id.in_(gone)).values(photo_sha256="", facts={}, remarks={}))

    def scrub(self) -> None:
        """What was forgotten stands nowhere any more."""
        self._database.scrub()
