"""What speaks for and against a matte, seen in the photo it was cut from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contour:
    """A matte against its photo; shares in [0, 1].

    `frame` of the outermost pixels it covers; `alike` of its contour where the colours on both sides are the same;
    `flat` of its contour where the photo has no edge; `left_out` of the pixels around it that have the object's
    colours; `fragments` counts pieces over 0.2 % of the picture, at most 10; `band` is the usual width of the soft edge
    over the long side of the picture.
    """

    frame: float
    alike: float
    flat: float
    left_out: float
    fragments: int
    band: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A matte beside the embedded engine's matte of the same photo, which has its own `contour`.

    `overlap` is their intersection over union; `astray` the share of the contour that lies far from the engine's.
    `missed` and `spilt` are of the worst place of a twelfth of the picture: how surely the object is left out there, or
    something else is taken in, as the mean surprise of a pixel in nats.
    """

    contour: Contour
    overlap: float
    astray: float
    missed: float
    spilt: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """`recognised` is the overlap (intersection over union) of the matte and what the embedded engine's network takes
    for an object; the comparison is None where the matte is that engine's own.
    """

    contour: Contour
    recognised: float = 1.0
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Sights:
    """The photo's size in pixels; of the matte, in [0, 1], the share of the frame's side that it covers least, and
    the area of its second largest piece over that of the largest.
    """

    width: int
    height: int
    least_side: float
    second: float
