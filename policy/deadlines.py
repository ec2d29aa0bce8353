"""How the one deadline of a run is shared out over its attempts."""

from __future__ import annotations

from collections.abc import Sequence

GENEROUS = 3.0


def attempt_deadline(left_s: float, later_typical_s: Sequence[float]) -> float:
    """Seconds the next attempt may take when `left_s` are left and models with these typical times come after it.

    Every later model keeps three times its typical time, as long as the next one keeps its even share.
    """
    kept = GENEROUS * sum(later_typical_s)
    even_share = left_s / (len(later_typical_s) + 1)
    return max(left_s - kept, even_share, 0.0)
