"""How many requests may be made again: a tenth of those made for the first time, and a few more to begin with.

One for the whole process: in a storm of refusals all runs together ask little more often than they would without.
"""

from __future__ import annotations

from dataclasses import dataclass

SHARE = 0.1
FIRST_TOKENS, MOST_TOKENS = 2.0, 5.0


@dataclass(slots=True)
class RetryBudget:
    """A bucket of tokens: each first request puts a share of one in, each repeated one takes a whole one out."""

    tokens: float = FIRST_TOKENS

    def earn(self) -> None:
        self.tokens = min(self.tokens + SHARE, MOST_TOKENS)

    def spend(self) -> bool:
        """Whether one more request may be made."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
