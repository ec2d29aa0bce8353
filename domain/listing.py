"""A finished picture for a marketplace: what is asked for, what its file turned out to be, and what the rules say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, model_validator

from domain.base import Fact, Slug, Text, Value
from domain.marketplaces import CUSTOM, Confidence, FileFormat, Level, RuleKind
from domain.pictures import Raster

LEAST_SIDE_PX: Final = 100
MOST_SIDE_PX: Final = 5000
MOST_ASPECT: Final = 10

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
Side = Annotated[int, Field(ge=LEAST_SIDE_PX, le=MOST_SIDE_PX)]


class BackgroundKind(StrEnum):
    """`PICTURE` is one of the seller's own."""

    WHITE = "white"
    COLOUR = "colour"
    GRADIENT = "gradient"
    PICTURE = "picture"


class Placement(StrEnum):
    CENTRE = "centre"
    BOTTOM = "bottom"


class ExportFormat(StrEnum):
    """What can be written; AUTO is the first of the others that the marketplace takes."""

    AUTO = "auto"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


class Background(Value):
    """`colour` fills, or begins a gradient at the top that ends in `second`; `generated`: AI made the picture."""

    kind: BackgroundKind = BackgroundKind.WHITE
    colour: Colour = "#F3EFE8"
    second: Colour = "#C9D6DF"
    generated: bool = False


class ExportOptions(Value):
    """What is not said follows from the rules. `fill` is the product's share of the canvas where it is fullest;
    `enlarge` allows to blow up a product that has too few pixels.
    """

    marketplace: Slug = CUSTOM
    background: Background = Background()
    placement: Placement = Placement.CENTRE
    shadow: bool = False
    width: Side | None = None
    height: Side | None = None
    fill: float | None = Field(default=None, ge=0.1, le=1)
    file_format: ExportFormat = ExportFormat.AUTO
    enlarge: bool = False

    @model_validator(mode="after")
    def _both_sides_or_none(self) -> ExportOptions:
        if (self.width is None) is not (self.height is None):
            raise ValueError("width and height go together")
        if self.width and self.height and max(self.width / self.height, self.height / self.width) > MOST_ASPECT:
            raise ValueError(f"one side is more than {MOST_ASPECT} times the other")
        return self


@dataclass(frozen=True, slots=True)
class Composition:
    """A picture as it is to be written. `matte` ("L", of its size) is where the product lies; `scale` is what became of
    the product's pixels, above 1 when it was enlarged; `generated` when AI made a part of the pixels.
    """

    pixels: Raster
    matte: Raster
    scale: float
    generated: bool = False


class FileFacts(Value):
    """What a file's bytes say. Shares are in [0, 1]; None is what cannot be told.

    `frame_white` and `background_white` are shares of pixels that are exactly #FFFFFF: of the outermost ones, and of
    everything around the product (in lossy files not next to it); `background_spread` is the largest difference between
    the channels of a background pixel. `fill` is the larger of the product's shares of width and height; `margins` are
    left, top, right and bottom, in pixels. `leftovers` names metadata that tell of camera, place or program.
    """

    file_format: str
    size_bytes: int
    width: int
    height: int
    opaque: bool
    jpeg_quality: int | None
    frame_white: float
    background_white: float | None
    background_spread: int | None
    fill: float | None
    margins: tuple[int, int, int, int] | None
    srgb: bool
    leftovers: tuple[str, ...]
    digital_source: str | None
    scale: float | None = None
    generated: bool | None = None

    @property
    def sides(self) -> tuple[int, int]:
        """The short side and the long one."""
        return min(self.width, self.height), max(self.width, self.height)


class OwnCheck(StrEnum):
    """What is looked at although no marketplace's rule about it is known."""

    NOT_ENLARGED = "not_enlarged"
    NO_LEFTOVERS = "no_leftovers"
    SRGB = "srgb"


class Passing(StrEnum):
    """How a line of the report ends."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Finding(Value):
    """One line of a report. Without a `source` it is a check of our own, or nothing is known."""

    check: RuleKind | OwnCheck
    verdict: Passing
    level: Level
    wanted: Any = None
    found: Mapping[str, Fact] = Field(default_factory=dict)
    confidence: Confidence | None = None
    source: str | None = None
    url: str | None = None
    seen: str | None = None
    dated: str | None = None
    applies_from: date | None = None
    note: Text | None = None


class Compliance(Value):
    """All findings about one file; `accepted` when nothing that is required is missed, as far as it is known."""

    marketplace: Slug
    file: FileFacts
    findings: tuple[Finding, ...]

    @property
    def accepted(self) -> bool:
        return not self.missed

    @property
    def missed(self) -> tuple[Finding, ...]:
        """What is required and not met."""
        return tuple(one for one in self.findings if one.verdict is Passing.FAIL and one.level is Level.REQUIRED)

    def count(self, verdict: Passing) -> int:
        return sum(one.verdict is verdict for one in self.findings)


class CheckReport(Value):
    """A line as everybody reads it; `verdict` is None where there was no file to judge."""

    check: RuleKind | OwnCheck
    title: str
    verdict: Passing | None
    level: Level
    wanted: str
    wanted_value: Any
    found: str | None
    found_facts: Mapping[str, Fact]
    confidence: Confidence | None
    source: str | None
    url: str | None
    seen: str | None
    dated: str | None
    applies_from: date | None
    note: str | None


class ExportReport(Value):
    """One file as everybody reads it: `export` is its number in the run; `passed` and its kin count lines."""

    run_id: str
    step: int
    export: int
    marketplace: Slug
    file_name: str
    accepted: bool
    passed: int
    failed: int
    unknown: int
    options: ExportOptions
    file: FileFacts
    checks: tuple[CheckReport, ...]


WRITTEN: Final[Mapping[ExportFormat, FileFormat]] = {
    ExportFormat.JPEG: FileFormat.JPEG,
    ExportFormat.PNG: FileFormat.PNG,
    ExportFormat.WEBP: FileFormat.WEBP,
}
"""In the order in which AUTO tries them."""
