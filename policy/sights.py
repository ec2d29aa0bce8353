"""What to tell a person about a cutout that passed the gate: why it may disappoint, and what would help.

The thresholds are set so that good photos hardly ever get a word: see the decision on sentences for bad input.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain import Contour, Sights, Statement


class Remark(StrEnum):
    """The first that holds is told."""

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


def remark(contour: Contour, sights: Sights, bounds: Bounds = BOUNDS) -> Statement | None:
    """None when there is nothing to say; the facts are what the sentence names."""
    if min(contour.flat, contour.alike) > bounds.no_edge:
        return Statement(code=Remark.NOTHING)
    if min(sights.width, sights.height) < bounds.tiny_px:
        return Statement(code=Remark.TINY, facts={"width": sights.width, "height": sights.height})
    if sights.least_side > bounds.every_side:
        return Statement(code=Remark.ALL_SIDES)
    return Statement(code=Remark.TWO_OBJECTS) if sights.second > bounds.equal else None
