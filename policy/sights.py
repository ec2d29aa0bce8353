"""What to tell a person about a cutout that passed the gate: why it may disappoint, and what would help.

The thresholds are set so that good photos hardly ever get a word: see the decision on sentences for bad input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain import Contour, Sights
from policy.doubt import ALONE


class Remark(StrEnum):
    """In the order in which they are told, the gravest first."""

    NOTHING = "nothing"
    TINY = "tiny"
    ALL_SIDES = "all_sides"
    TWO_OBJECTS = "two_objects"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Shares in [0, 1], see `Contour` and `Sights`; `tiny_px` is of the photo's short side."""

    no_edge: float = 0.9
    tiny_px: int = 100
    every_side: float = 0.05
    equal: float = 0.6


BOUNDS = Bounds()


EXPLAINED: Mapping[Remark, frozenset[str]] = {
    Remark.NOTHING: frozenset(ALONE.weights),
    Remark.TINY: frozenset(),
    Remark.ALL_SIDES: frozenset({"frame"}),
    Remark.TWO_OBJECTS: frozenset({"fragments"}),
}
"""Weaknesses of a matte (see `policy.doubt`) that a remark says already, and better."""


def remarks(contour: Contour, sights: Sights, bounds: Bounds = BOUNDS) -> tuple[Remark, ...]:
    """All that hold; where there may be no product, nothing is said of products."""
    if min(contour.flat, contour.alike) > bounds.no_edge:
        found = {Remark.NOTHING: True}
    else:
        found = {
            Remark.ALL_SIDES: sights.least_side > bounds.every_side,
            Remark.TWO_OBJECTS: sights.second > bounds.equal,
        }
    found[Remark.TINY] = min(sights.width, sights.height) < bounds.tiny_px
    return tuple(one for one in Remark if found.get(one))


def still_to_say(weakness: str | None, told: Iterable[Remark]) -> str | None:
    """The weakness, unless a remark says it already."""
    return None if any(weakness in EXPLAINED[one] for one in told) else weakness
