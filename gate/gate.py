"""The one gate for pictures: uploads, paintings, and what providers send back."""

from __future__ import annotations

import atexit
import queue
from functools import cache

from domain import Photo, Raster
from errors import InvalidPhoto, PhotoFault
from gate.child import Child, Died
from gate.frames import Header
from gate.limits import Limits

AT_ONCE = 2
WAIT_S = 45.0


class Gate:
    """A few workers, started when they are first needed; any thread may ask. Workers know nothing of each other."""

    def __init__(self, at_once: int = AT_ONCE, limits: Limits = Limits(), wait_s: float = WAIT_S) -> None:  # noqa: B008
        self._limits = limits
        self._wait_s = wait_s
        self._at_once = at_once
        self._places: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(at_once):
            self._places.put(None)

    def photo(self, data: bytes) -> Photo:
        """An upload, as `imaging.decode` reads it; raises `InvalidPhoto`."""
        header, pixels = self._ask("photo", data)
        return Photo(_raster(header, pixels), str(header["sha256"]))

    def picture(self, data: bytes) -> Raster:
        """A provider's picture or a painting, as `imaging.decode_picture` reads it; raises `InvalidPhoto`."""
        return _raster(*self._ask("picture", data))

    def close(self) -> None:
        """End the workers that are idle; the next picture gets a fresh one."""
        for child in [self._places.get() for _ in range(self._places.qsize())]:
            if child:
                child.close()
            self._places.put(None)

    def _ask(self, kind: str, data: bytes) -> tuple[Header, bytes]:
        try:
            child = self._places.get(timeout=self._wait_s)
        except queue.Empty:
            raise InvalidPhoto(PhotoFault.BUSY, waiting=self._at_once) from None
        kept: Child | None = None
        try:
            child = self._living(child)
            answer = child.ask(kind, data)
            kept = None if child.worn else child
        except Died as death:
            raise InvalidPhoto(PhotoFault.TOO_HARD if death.overtaxed else PhotoFault.DAMAGED) from death
        finally:
            if child and child is not kept:
                child.close()
                kept = Child(self._limits)  # ready by the time of the next picture
            self._places.put(kept)
        return _checked(*answer)

    def _living(self, child: Child | None) -> Child:
        if child and child.alive:
            return child
        if child:
            child.close()
        return Child(self._limits)


def _checked(header: Header, body: bytes) -> tuple[Header, bytes]:
    if "fault" in header:
        raise InvalidPhoto(PhotoFault(header["fault"]), **header["facts"])
    return header, body


def _raster(header: Header, pixels: bytes) -> Raster:
    return Raster(header["width"], header["height"], header["mode"], pixels)


@cache
def process_gate() -> Gate:
    """The gate of this process: its workers have no settings, so one is enough for all that is built here."""
    gate = Gate()
    atexit.register(gate.close)
    return gate
