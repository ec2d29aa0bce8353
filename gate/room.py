"""How many photos are being fetched from web addresses, in all and for each visitor."""

from __future__ import annotations

from collections import Counter

from errors import InvalidPhoto, PhotoFault

AT_ONCE = 12
EACH = 3


class Room:
    """Belongs to the event loop. A place is held until all that was begun in it has ended, a slow look-up too."""

    def __init__(self, at_once: int = AT_ONCE, each: int = EACH) -> None:
        self._at_once, self._each = at_once, each
        self._held: Counter[str] = Counter()

    def take(self, visitor: str) -> Place:
        """Raises `InvalidPhoto` when there is no room."""
        if self._held.total() >= self._at_once or self._held[visitor] >= self._each:
            raise InvalidPhoto(PhotoFault.BUSY)
        self._held[visitor] += 1
        return Place(self, visitor)

    def leave(self, visitor: str) -> None:
        self._held[visitor] -= 1
        self._held += Counter()  # forgets who holds nothing


class Place:
    """Given back when everybody who holds it has let go."""

    def __init__(self, room: Room, visitor: str) -> None:
        self._room, self._visitor, self._holders = room, visitor, 1

    def hold(self) -> None:
        self._holders += 1

    def let_go(self) -> None:
        self._holders -= 1
        if not self._holders:
            self._room.leave(self._visitor)
