"""How often one visitor may ask, and all of them together. Addresses are cheap, so the sum is bounded as well."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from outside.doors import CALLS, MCP, UPLOAD
from outside.request import Asked


class Kind(StrEnum):
    """What a request costs the server."""

    CALL = "call"
    UPLOAD = "upload"
    OTHER = "other"


PER_VISITOR: Mapping[Kind, RateLimitItem] = {
    Kind.CALL: RateLimitItemPerMinute(240),
    Kind.UPLOAD: RateLimitItemPerMinute(60),
    Kind.OTHER: RateLimitItemPerMinute(1200),
}
IN_TOTAL: Mapping[Kind, RateLimitItem] = {
    Kind.CALL: RateLimitItemPerMinute(6000),
    Kind.UPLOAD: RateLimitItemPerMinute(3000),
    Kind.OTHER: RateLimitItemPerMinute(60_000),
}
GIGABYTE = 1_000_000_000
VOLUME_EACH = RateLimitItemPerHour(6 * GIGABYTE, 6)  # uploads lie here for six hours
VOLUME_IN_TOTAL = RateLimitItemPerHour(24 * GIGABYTE, 6)
VOLUME, ALL = "volume", "all"


class Rates:
    """Counts in memory: a restart forgives, and no visitor's address is written down."""

    def __init__(
        self,
        per_visitor: Mapping[Kind, RateLimitItem] = PER_VISITOR,
        in_total: Mapping[Kind, RateLimitItem] = IN_TOTAL,
        now: Callable[[], float] = time.time,
        volume_each: RateLimitItem = VOLUME_EACH,
        volume_in_total: RateLimitItem = VOLUME_IN_TOTAL,
    ) -> None:
        self._counts = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._per_visitor, self._in_total = per_visitor, in_total
        self._volume_each, self._volume_in_total = volume_each, volume_in_total
        self._now = now

    def seconds_to_wait(self, asked: Asked) -> int | None:
        """None when the request may pass. Whoever sits at this machine is bounded by the sum alone."""
        kind = kind_of(asked)
        if not asked.at_home and (wait := self._hit(self._per_visitor[kind], kind, asked.visitor)):
            return wait
        return self._hit(self._in_total[kind], kind, ALL)

    def seconds_until_room(self, asked: Asked, size: int) -> int | None:
        """None when so many bytes would be taken now; they are not counted yet."""
        for limit, who in self._volumes(asked):
            if not self._counts.test(limit, VOLUME, who, cost=size):
                return self._seconds(limit, VOLUME, who)
        return None

    def spend(self, asked: Asked, size: int) -> int | None:
        """Counts bytes that came; the seconds to wait when they were too many."""
        for limit, who in self._volumes(asked):
            if wait := self._hit(limit, VOLUME, who, size):
                return wait
        return None

    def _volumes(self, asked: Asked) -> Iterator[tuple[RateLimitItem, str]]:
        if not asked.at_home:
            yield self._volume_each, asked.visitor
        yield self._volume_in_total, ALL

    def _hit(self, limit: RateLimitItem, kind: str, who: str, cost: int = 1) -> int | None:
        return None if self._counts.hit(limit, kind, who, cost=cost) else self._seconds(limit, kind, who)

    def _seconds(self, limit: RateLimitItem, kind: str, who: str) -> int:
        ends = self._counts.get_window_stats(limit, kind, who).reset_time
        return max(1, math.ceil(ends - self._now()))


def kind_of(asked: Asked) -> Kind:
    if asked.reads:
        return Kind.OTHER
    if asked.path.startswith(UPLOAD):
        return Kind.UPLOAD
    return Kind.CALL if asked.path.startswith((*CALLS, MCP, "/runs", "/batches")) else Kind.OTHER
