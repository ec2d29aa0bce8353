"""Writes that a run goes on without: what was bought is not lost because a line about it could not be written."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import structlog

from errors import DatabaseError

P = ParamSpec("P")
S = TypeVar("S")

log = structlog.get_logger("cutout_router")


def survivable(write: Callable[Concatenate[S, P], None]) -> Callable[Concatenate[S, P], None]:
    """A method whose `DatabaseError` is an error of the log and of nobody else."""

    @wraps(write)
    def kept(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            write(self, *args, **kwargs)
        except DatabaseError as error:
            log.error("database.unwritten", what=write.__qualname__, trouble=error.trouble, reason=str(error))  # noqa: TRY400  # the reason says it

    return kept
