"""The line in front of the runs, as the wall sees it: whoever would find no place in it is refused at the door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from service.turns import Asker, Room


@dataclass(slots=True)
class Line:
    """Calls of the functions whose `concurrency_id` is `name` join it; `standing` says who waits in it.

    Who was let in and does not stand in it yet counts as well, so that a thousand at once do not all fit, and those
    of one visitor no better than they would inside.
    """

    name: str
    room: Room
    standing: Callable[[], Counter[Asker]]
    _coming: Counter[Asker] = field(default_factory=Counter)

    @property
    def length(self) -> int:
        return self.standing().total()

    def is_full(self, asker: Asker) -> bool:
        return self.room.is_full(self.standing() + self._coming, asker)

    @contextmanager
    def joining(self, asker: Asker | None) -> Iterator[None]:
        """On the way to it while the block lasts; None joins nothing."""
        coming = Counter([asker] if asker else [])
        self._coming += coming
        try:
            yield
        finally:
            self._coming -= coming
