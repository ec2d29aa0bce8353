"""Pictures as values: raw bytes with a size and a mode, so that no layer must share an imaging library."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class OutputKind(StrEnum):
    """What a provider's picture means: a cutout, a matte, or the product on a white background."""

    RGBA = "rgba"
    MASK = "mask"
    ON_WHITE = "on_white"


@dataclass(frozen=True, slots=True)
class Raster:
    """Pixels row by row, 8 bits a channel, sRGB: `len(data) == width * height * len(mode)`."""

    width: int
    height: int
    mode: Literal["L", "RGB", "RGBA"]
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.data) != self.width * self.height * len(self.mode):
            raise ValueError(f"{self.width}x{self.height} {self.mode} does not take {len(self.data)} bytes")

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded upload: upright sRGB pixels (RGBA when the file had transparency) and the file's SHA-256."""

    pixels: Raster
    sha256: str


@dataclass(frozen=True, slots=True)
class ProviderOutput:
    """A model's picture at whatever size it came in; `cost_usd` None means the price of the registry."""

    pixels: Raster
    kind: OutputKind
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Cutout:
    """RGBA at the photo's size: original pixels, clean edge colours, alpha from the model."""

    pixels: Raster


@dataclass(frozen=True, slots=True)
class Measures:
    """What the gate looks at; shares are in [0, 1]. Areas count alpha above one half.

    `foreign` is the share of what is (nearly) opaque that has other colours than the photo has there.
    """

    area: float
    frame_touched: float
    largest_fragment: float
    soft: float
    foreign: float = 0.0


@dataclass(frozen=True, slots=True)
class VoteMatch:
    """A matte beside the embedded engine's vote: intersection over union weighed by the vote's confidence, the share
    of its sure inside that is `kept`, the share of the matte that lies on its sure outside; in [0, 1].
    """

    overlap: float
    kept: float
    extra: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a generated picture compares with its photo, once it lies over it. Shares are in [0, 1].

    `agreement`, `outline` and `correlation` compare the directions of edges over the product, along its contour and in
    its core, in [-1, 1].
    `scale`, `stretch` (at least 1), `rotation` (degrees) and `shift` (of the long side) say what had to be undone;
    `aspect_change` (at least 1) is the whole picture's. `detail` is the picture's edges over the photo's. Colour
    differences are CIE76. `frame_white` is of the frame outside the product, `frame_unchanged` of the whole frame,
    `whitened` of what was not white before. `vote` is there only where edges leave doubt.
    """

    agreement: float
    inliers: int
    scale: float
    stretch: float
    rotation: float
    shift: float
    aspect_change: float
    outline: float
    correlation: float
    detail: float
    delta_e_median: float
    delta_e_90: float
    frame_white: float
    frame_unchanged: float
    whitened: float
    vote: VoteMatch | None = None


class GateReason(StrEnum):
    """Why a cutout is refused although a picture came back."""

    EMPTY = "empty_cutout"
    FULL_FRAME = "full_frame"
    FRAGMENTS = "fragments"
    BLURRED = "blurred"
    REDRAWN = "redrawn"
    UNCHANGED = "unchanged"
    DIFFERENT_PRODUCT = "different_product"
    MISALIGNED = "misaligned"
    DOUBTFUL = "doubtful"
