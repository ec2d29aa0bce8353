"""A visitor's pictures: whose they are, and how they go."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from errors import DatabaseError
from runs import FileStore, Owned, Owners

log = structlog.get_logger("cutout_router")

Now = Callable[[], datetime]
Copies = Callable[[Path], None]


def no_copies(_file: Path) -> None:
    """Nobody keeps a copy of a file that is about to go."""


class Privacy:
    """`copies` deletes what others keep of a file, while it is still there to be compared; `now` is the time."""

    def __init__(self, owners: Owners, store: FileStore, now: Now, copies: Copies = no_copies) -> None:
        self._owners, self._store, self._now = owners, store, now
        self.copies = copies

    async def claim(self, owner: str, run_id: str, upload: str = "") -> None:
        """Say whose run it is, as soon as its id is known. Without an owner it is whoever's knows its id.

        In database trouble it is nobody's, and its files go by their age.
        """
        try:
            await asyncio.to_thread(self._owners.claim, owner, Owned(run_id, upload), self._now())
        except DatabaseError as error:
            log.warning("run.unclaimed", run_id=run_id, reason=str(error))

    async def claim_uploads(self, owner: str, uploads: Iterable[str]) -> None:
        """The same for files that were handed over, whatever becomes of them; without an owner they go by their age."""
        folders = {*uploads} - {""}
        if not (owner and folders):
            return
        try:
            await asyncio.to_thread(self._owners.claim_uploads, owner, folders, self._now())
        except DatabaseError as error:
            log.warning("uploads.unclaimed", reason=str(error))

    async def let_go(self, owner: str, uploads: Iterable[str]) -> None:
        """They are another's from now on."""
        await asyncio.to_thread(self._owners.forget_uploads, owner, uploads)

    async def pass_on(self, run_id: str, owner: str) -> None:
        """A page that was opened again is a new session, whose run it still is."""
        if owner:
            await asyncio.to_thread(self._owners.pass_on, run_id, owner)

    async def delete(self, owner: str, upload: str = "") -> int:
        """Everything that the owner's runs left: files, copies, and what the database says of the photo. And whatever
        else the owner handed over: pictures for a background, photos that were refused or only asked about.

        `upload` is a photo that nothing was done with yet.
        """
        return await asyncio.to_thread(self._delete, owner, upload)

    async def delete_run(self, run_id: str) -> bool:
        """The same for one run that no lasting session owns; False when there is none such."""
        return await self.delete_runs([run_id]) > 0

    async def delete_runs(self, run_ids: Iterable[str]) -> int:
        """How many of them there were."""
        ids = tuple(run_ids)
        return await asyncio.to_thread(
            lambda: self._forget([owned for run_id in ids for owned in self._owners.unowned(run_id)])
        )

    def sweep(self, keep_hours: float) -> int:
        """The same for everybody's runs that are older than the owner of the server keeps them."""
        limit = self._now() - timedelta(hours=keep_hours)
        try:
            self._owners.forget_old_uploads(limit)
            forgotten = self._forget(self._owners.older_than(limit))
        finally:
            purged = self._store.purge(keep_hours * 3600)
        return forgotten + purged

    def _delete(self, owner: str, upload: str) -> int:
        runs, uploads = self._owners.of(owner), self._owners.uploads_of(owner)
        self._owners.forget_uploads(owner)
        return self._forget(runs, {upload, *uploads})

    def _forget(self, runs: Iterable[Owned], also: Iterable[str] = ()) -> int:
        """Uploads and copies are named after their content: what others have as well stays theirs."""
        gone = tuple(runs)
        for owned in gone:
            for file in self._store.all_files(owned.run_id):
                if not self._store.has_twin(file):
                    self.copies(file)
            self._store.delete(owned.run_id)
        self._owners.forget(owned.run_id for owned in gone)
        for upload in {*also, *(owned.upload for owned in gone)} - {""}:
            if not self._owners.have(upload):
                shutil.rmtree(upload, ignore_errors=True)
        if gone or also:
            self._owners.scrub()
        return len(gone)
