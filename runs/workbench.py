"""Decoded pictures of runs that are being mended: as many as fit into so many bytes, the longest unused go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from domain import Raster

MOST_BYTES = 256 << 20  # two visitors with photos of 12 megapixels

Key = tuple[str, str]


class Workbench:
    """Shared by all visitors; a key is a run's id and a name inside it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[Key, Raster] = OrderedDict()
        self._lock = Lock()

    @property
    def bytes(self) -> int:
        return sum(len(picture.data) for picture in self._kept.values())

    def get(self, run_id: str, name: str, read: Callable[[], Raster]) -> Raster:
        """What lies here, or what `read` answers, which then lies here."""
        with self._lock:
            found = self._kept.get((run_id, name))
            if found:
                self._kept.move_to_end((run_id, name))
        return found or self.put(run_id, name, read())

    def put(self, run_id: str, name: str, picture: Raster) -> Raster:
        with self._lock:
            self._kept[run_id, name] = picture
            self._kept.move_to_end((run_id, name))
            while self._kept and self.bytes > self._most:
                self._kept.popitem(last=False)
        return picture

    def forget(self, run_id: str) -> None:
        """The run was deleted."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == run_id]:
                del self._kept[key]
