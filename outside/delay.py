"""How long those wait for a refusal who ask too often, or for more places than they may have: one question not at all,
many at once longer and longer.

Answered at once, a program that asks again at once would take a processor from everybody else.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

EACH_S, LONGEST_S = 0.04, 2.0
MOST_AT_ONCE = 500  # of all visitors: a connection that waits is one less for others


@dataclass(slots=True)
class Delay:
    """One visitor's refusals that wait make the next wait longer: a hundred connections get fifty in a second."""

    each_s: float = EACH_S
    longest_s: float = LONGEST_S
    most_at_once: int = MOST_AT_ONCE
    _waiting: Counter[str] = field(default_factory=Counter)

    def seconds(self, visitor: str) -> float:
        """What the next one waits."""
        if self._waiting.total() >= self.most_at_once:
            return 0
        return min(self.each_s * self._waiting[visitor], self.longest_s)

    async def wait(self, visitor: str) -> None:
        seconds = self.seconds(visitor)
        self._waiting[visitor] += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= Counter([visitor])
