"""Events as structured log lines. The journal's entries and the program's own messages go the same way."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog
from structlog.types import Processor

from domain import JournalEntry

# What a secret looks like where nobody said that it is one: tokens of Replicate and of the Hub, and credentials.
SECRET_LOOK = re.compile(
    r"\b(?:r8|hf)_[A-Za-z0-9]{8,}|\bBearer\s+[A-Za-z0-9._~+/=-]{6,}|\bauthorization\W+\w+\s+\S+", re.IGNORECASE
)
SHORTEST = 4

log = structlog.get_logger("cutout_router")


def configure_logging(level: int = logging.INFO) -> None:
    """One JSON object a line on standard error; for a person at a terminal, coloured columns."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, *_renderers()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


class GuardedStream(io.TextIOBase):
    """The second wall: whatever is written to it, known secrets and what looks like one are not passed on.

    It stands where everything passes that this program or a library prints: log lines, tracebacks, warnings.
    """

    def __init__(self, stream: TextIO, secrets: Iterable[str]) -> None:
        self._stream = stream
        known = sorted({one for one in secrets if len(one) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def write(self, text: str) -> int:
        told = self._known.sub("[...]", text) if self._known else text
        self._stream.write(SECRET_LOOK.sub("[...]", told))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # that of the stream behind it
        return self._stream.encoding


def guard_streams(secrets: Iterable[str]) -> None:
    """From now on; call it before anything is logged."""
    known = tuple(secrets)
    sys.stdout, sys.stderr = GuardedStream(sys.stdout, known), GuardedStream(sys.stderr, known)


def _renderers() -> list[Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def log_entry(entry: JournalEntry) -> None:
    """One journal entry as one line that carries the run id."""
    told = entry.model_dump(mode="json", exclude={"event"}, exclude_none=True)
    log.info(f"run.{entry.event}", **told)
