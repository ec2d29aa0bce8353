"""What speaks for and against a matte, seen in the photo it was cut from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contour:
    """A matte against its photo; shares in [0, 1].

    `frame` of the outermost pixels it covers; `alike` of its contour where the colours on both sides are the same;
    `flat` of its contour where the photo has no edge; `left_out` of the pixels around it that have the object's
    colours; `fragments` counts pieces over 0.2 % of the picture, at most 10; `band` is the width of the soft edge over
    the long side of the picture.
    """

    frame: float
    alike: float
    flat: float
    left_out: float
    fragments: int
    band: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The contour, that of the embedded engine's matte, and the overlap (IoU) of both; None without such a matte."""

    contour: Contour
    reference: Contour | None = None
    overlap: float | None = None


@dataclass(frozen=True, slots=True)
class Sights:
    """The photo's size in pixels; of the matte, in [0, 1], the share of the frame's side that it covers least, and
    the area of its second largest piece over that of the largest.
    """

    width: int
    height: int
    least_side: float
    second: float
