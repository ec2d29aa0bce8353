"""A visitor's pictures: whose they are, and how they go."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from runs import FileStore, Owned, Owners

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
        """Say whose run it is, as soon as its id is known. Without an owner it is nobody's, and goes by age alone."""
        await asyncio.to_thread(self._owners.claim, owner, Owned(run_id, upload), self._now())

    async def delete(self, owner: str) -> int:
        """Everything that the owner's runs left: files, copies, uploads, and what the database says of the photo."""
        return await asyncio.to_thread(lambda: self._forget(self._owners.of(owner)))

    def sweep(self, keep_hours: float) -> int:
        """The same for everybody's runs that are older than the owner of the server keeps them."""
        forgotten = self._forget(self._owners.older_than(self._now() - timedelta(hours=keep_hours)))
        return forgotten + self._store.purge(keep_hours * 3600)

    def _forget(self, runs: Iterable[Owned]) -> int:
        gone = tuple(runs)
        for owned in gone:
            for file in self._store.all_files(owned.run_id):
                self.copies(file)
            self._store.delete(owned.run_id)
            if owned.upload:
                shutil.rmtree(owned.upload, ignore_errors=True)
        self._owners.forget(owned.run_id for owned in gone)
        return len(gone)
