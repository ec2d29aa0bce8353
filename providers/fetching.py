"""Fetching weights from the Hugging Face hub: resumed where it broke off, one at a time, checked before it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from errors import WeightsFault
from providers.base import Come
from providers.weights import Pin
from providers.worker import Abandoned, Stop

LOCK_LOOK_S = 0.2

Tell = Callable[[Come], None]
"""Hears how much of the file is there."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches one published file; `endpoint` None is the hub that `HF_ENDPOINT` names. No account is used."""

    pin: Pin
    endpoint: str | None = None

    def fetch(self, path: Path, tell: Tell, stop: Stop) -> None:
        """Put the file at `path`, unless it is there by the time it is our turn.

        Raises:
            WeightsFault: it could not be fetched, or is another file than the one that was published.
            Abandoned: the stop came; what was fetched is kept for the next time.
        """
        part = path.with_suffix(".part")
        with _weights_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            with _alone(path.with_suffix(".lock"), stop):
                if not path.exists():
                    self._download(part, tell, stop)
                    self._check(part)
                    part.replace(path)

    def _download(self, part: Path, tell: Tell, stop: Stop) -> None:
        """`hf_hub_download` throws away what came when it breaks off, so this takes the step below it."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url  # 80 ms, and not everybody fetches
        from huggingface_hub.file_download import http_get

        pin = self.pin
        url = hf_hub_url(pin.repo, pin.file, revision=pin.revision, endpoint=self.endpoint)
        known = get_hf_file_metadata(url, token=False, endpoint=self.endpoint)
        if known.size != pin.size:
            raise WeightsFault(f"{pin.repo} has a file of {known.size} bytes where {pin.size} are expected")
        if _size(part) > pin.size:
            part.unlink()
        meter = partial(_Meter, tell, stop, pin.size)
        with part.open("ab") as file:
            http_get(
                known.location,
                file,
                resume_size=file.tell(),
                expected_size=pin.size,
                displayed_filename=pin.repo,
                tqdm_class=meter,  # type: ignore[arg-type]  # called like a class
            )

    def _check(self, part: Path) -> None:
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.pin.sha256:
            part.unlink()
            raise WeightsFault(f"what came from {self.pin.repo} has another SHA-256: {found}")


class _Meter:
    """What huggingface_hub takes for a progress bar; ends the download when the stop has come."""

    def __init__(self, tell: Tell, stop: Stop, size: int, initial: int = 0, **_: object) -> None:
        self._tell = tell
        self._stop = stop
        self._size = size
        self._come = initial
        self.update(0)

    def update(self, count: int) -> None:
        self._stop.check()
        self._come += count
        self._tell(Come(self._come, self._size))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@contextmanager
def _alone(lock_file: Path, stop: Stop) -> Iterator[None]:
    """Hold the lock of all processes that keep their weights here."""
    lock = FileLock(lock_file)
    while not lock.is_locked:
        stop.check()
        try:
            lock.acquire(timeout=LOCK_LOOK_S)
        except Timeout:
            continue
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _weights_errors() -> Iterator[None]:
    """The border to the hub and the disk: whatever breaks there is a `WeightsFault`."""
    try:
        yield
    except (WeightsFault, Abandoned):
        raise
    except Exception as error:
        raise WeightsFault(f"the weights could not be fetched: {type(error).__name__}: {error}") from error


def _size(path: Path) -> int:
    """In bytes; a file that is not there has none."""
    return path.stat().st_size if path.exists() else 0
