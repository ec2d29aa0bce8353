"""The files of batches: photos that wait, and small pictures for the table. One folder a batch, names are numbers."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from errors import FilesGone, PhotoGone

_BATCH_ID = re.compile(r"[0-9a-f]{32}")


class BatchFiles:
    """Under `root`, which all workers share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, batch_id: str, number: int, data: bytes) -> None:
        """A photo as it was handed in, for its run."""
        folder = self._folder(batch_id)
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{number}.photo", data)

    def photo(self, batch_id: str, number: int) -> bytes:
        """Raises `PhotoGone`."""
        try:
            return (self._folder(batch_id) / f"{number}.photo").read_bytes()
        except FileNotFoundError as error:
            raise PhotoGone(f"no photo {number} in {batch_id}") from error

    def drop_photo(self, batch_id: str, number: int) -> None:
        """Its cutout is made, and lies with the run."""
        (self._folder(batch_id) / f"{number}.photo").unlink(missing_ok=True)

    def keep_thumbnail(self, batch_id: str, number: int, picture: bytes) -> None:
        _write(self._folder(batch_id) / f"{number}.webp", picture)

    def thumbnail(self, batch_id: str, number: int) -> Path:
        """Raises `FilesGone`."""
        path = self._folder(batch_id) / f"{number}.webp"
        if not path.is_file():
            raise FilesGone(f"no picture {number} in {batch_id}")
        return path

    def size_of(self, batch_ids: Iterable[str]) -> int:
        """Bytes of everything that is kept for them; what goes away meanwhile counts or does not."""
        return sum(_size(path) for batch_id in batch_ids for path in self._folder(batch_id).glob("*"))

    def delete(self, batch_ids: Iterable[str]) -> None:
        for batch_id in batch_ids:
            shutil.rmtree(self._folder(batch_id), ignore_errors=True)

    def _folder(self, batch_id: str) -> Path:
        """Ids are ours; one that is not of our making leads nowhere."""
        if not _BATCH_ID.fullmatch(batch_id):
            raise FilesGone("no batch has such an id")
        return self.root / batch_id


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(data)
    part.replace(path)
