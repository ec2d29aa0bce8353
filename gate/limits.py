"""What one picture may cost."""

from __future__ import annotations

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """For each worker: processor and wall seconds a picture, address space; how often and how full it is reused.

    The slowest sound photo of 50 megapixels (AVIF, HEIC) takes about 3 s of one core; hostile ones take minutes.
    """

    cpu_s: float = 5
    seconds: float = 8
    memory_bytes: int = 2 << 30
    jobs: int = 200
    worn_megabytes: int = 200

    @property
    def stopping_signals(self) -> frozenset[int]:
        """As `Popen.returncode` tells them."""
        return frozenset({-signal.SIGKILL, -signal.SIGXCPU})
