"""What the owner of the server allows."""

from __future__ import annotations

from dataclasses import dataclass

from domain import LocalEngine


@dataclass(frozen=True, slots=True)
class Limits:
    """What the owner allows. A run that nobody watches begins within that time, or is refused."""

    local_engine: LocalEngine = LocalEngine.AUTO
    start_within_s: float = 10
