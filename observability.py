"""Events as structured log lines. The journal's entries and the program's own messages go the same way."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import Processor

from domain import JournalEntry

log = structlog.get_logger("cutout_router")


def configure_logging(level: int = logging.INFO) -> None:
    """One JSON object a line on standard error; for a person at a terminal, coloured columns."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, *_renderers()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def _renderers() -> list[Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def log_entry(entry: JournalEntry) -> None:
    """One journal entry as one line that carries the run id."""
    told = entry.model_dump(mode="json", exclude={"event"}, exclude_none=True)
    log.info(f"run.{entry.event}", **told)
