"""What a person does to a cutout by hand: strokes that keep or erase, and how the edge is finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import Field

from domain.base import Value
from domain.pictures import Raster

MOST_SOFTNESS_PX: Final = 10.0
MOST_SHIFT_PX: Final = 10.0


@dataclass(frozen=True, slots=True)
class Strokes:
    """Where a person painted, two masks ("L") of one size in the photo's proportions, 255 under full paint."""

    keep: Raster
    erase: Raster

    def __post_init__(self) -> None:
        if self.keep.size != self.erase.size or (self.keep.mode, self.erase.mode) != ("L", "L"):
            raise ValueError("strokes are two grey masks of one size")

    @property
    def any(self) -> bool:
        return any(self.keep.data) or any(self.erase.data)


class TouchUp(Value):
    """How the edge is finished after the strokes, in pixels of the photo: a `shift` above 0 takes in more."""

    softness: float = Field(default=0, ge=0, le=MOST_SOFTNESS_PX)
    shift: float = Field(default=0, ge=-MOST_SHIFT_PX, le=MOST_SHIFT_PX)
    fill_holes: bool = False
    main_only: bool = False
