"""What marketplaces ask of a picture: dated rules, each with where it was read and how far it can be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationInfo, field_validator, model_validator

from domain.base import Slug, Text, Value

CUSTOM: Final = "custom"
"""No marketplace: the person's own size, and no rule at all."""


class Confidence(StrEnum):
    """How far a rule can be trusted; UNKNOWN means that no trustworthy source is known, and no value either."""

    OFFICIAL = "official"
    THIRD_PARTY = "third-party"
    UNKNOWN = "unknown"


class Level(StrEnum):
    REQUIRED = "required"
    RECOMMENDED = "recommended"


class Subject(StrEnum):
    """What a report must speak of, whatever is known."""

    SIZE = "size"
    ASPECT = "aspect"
    BACKGROUND = "background"
    FILL = "fill"
    MARGINS = "margins"
    FORMAT = "format"
    BYTES = "bytes"
    CONTENT = "content"


class RuleKind(StrEnum):
    """What a rule speaks of; lengths in pixels, a megabyte is 10^6 bytes, a megapixel 10^6 pixels."""

    MIN_SIZE = "min_size"
    MIN_SIDE = "min_side"
    MIN_LONG_SIDE = "min_long_side"
    MAX_LONG_SIDE = "max_long_side"
    MAX_MEGAPIXELS = "max_megapixels"
    ASPECT = "aspect"
    BACKGROUND = "background"
    MIN_FILL = "min_fill"
    MAX_FILL = "max_fill"
    MIN_MARGIN = "min_margin"
    FORMATS = "formats"
    MIN_JPEG_QUALITY = "min_jpeg_quality"
    MAX_MB = "max_mb"
    AI_METADATA = "ai_metadata"
    FORBIDS = "forbids"
    MAX_PHOTOS = "max_photos"


SUBJECTS: Final[Mapping[RuleKind, Subject]] = {
    RuleKind.MIN_SIZE: Subject.SIZE,
    RuleKind.MIN_SIDE: Subject.SIZE,
    RuleKind.MIN_LONG_SIDE: Subject.SIZE,
    RuleKind.MAX_LONG_SIDE: Subject.SIZE,
    RuleKind.MAX_MEGAPIXELS: Subject.SIZE,
    RuleKind.ASPECT: Subject.ASPECT,
    RuleKind.BACKGROUND: Subject.BACKGROUND,
    RuleKind.MIN_FILL: Subject.FILL,
    RuleKind.MAX_FILL: Subject.FILL,
    RuleKind.MIN_MARGIN: Subject.MARGINS,
    RuleKind.FORMATS: Subject.FORMAT,
    RuleKind.MIN_JPEG_QUALITY: Subject.FORMAT,
    RuleKind.MAX_MB: Subject.BYTES,
    RuleKind.AI_METADATA: Subject.CONTENT,
    RuleKind.FORBIDS: Subject.CONTENT,
    RuleKind.MAX_PHOTOS: Subject.CONTENT,
}


class BackgroundRule(StrEnum):
    """`OPAQUE` only forbids transparency; `NEUTRAL` is all that its source says."""

    WHITE = "#FFFFFF"
    NEUTRAL = "neutral"
    OPAQUE = "opaque"


class FileFormat(StrEnum):
    """The formats that rules name; the values are Pillow's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"


class Forbidden(StrEnum):
    """What a picture must not show."""

    TEXT = "text"
    MARKETING_TEXT = "marketing_text"
    LOGO = "logo"
    WATERMARK = "watermark"
    BORDER = "border"
    FRAME = "frame"
    PROPS = "props"


_Pixels = Annotated[int, Field(ge=1, le=100_000)]
_Share = Annotated[float, Field(gt=0, le=1)]
_Amount = Annotated[float, Field(gt=0, le=1000)]

VALUES: Final[Mapping[RuleKind, TypeAdapter[Any]]] = {
    RuleKind.MIN_SIZE: TypeAdapter(tuple[_Pixels, _Pixels]),
    RuleKind.MIN_SIDE: TypeAdapter(_Pixels),
    RuleKind.MIN_LONG_SIDE: TypeAdapter(_Pixels),
    RuleKind.MAX_LONG_SIDE: TypeAdapter(_Pixels),
    RuleKind.MAX_MEGAPIXELS: TypeAdapter(_Amount),
    RuleKind.ASPECT: TypeAdapter(Annotated[str, StringConstraints(pattern=r"^[1-9]\d?:[1-9]\d?$")]),
    RuleKind.BACKGROUND: TypeAdapter(BackgroundRule),
    RuleKind.MIN_FILL: TypeAdapter(_Share),
    RuleKind.MAX_FILL: TypeAdapter(_Share),
    RuleKind.MIN_MARGIN: TypeAdapter(_Share),
    RuleKind.FORMATS: TypeAdapter(Annotated[tuple[FileFormat, ...], Field(min_length=1)]),
    RuleKind.MIN_JPEG_QUALITY: TypeAdapter(Annotated[int, Field(ge=1, le=100)]),
    RuleKind.MAX_MB: TypeAdapter(_Amount),
    RuleKind.AI_METADATA: TypeAdapter(Literal[True]),
    RuleKind.FORBIDS: TypeAdapter(Annotated[tuple[Forbidden, ...], Field(min_length=1)]),
    RuleKind.MAX_PHOTOS: TypeAdapter(Annotated[int, Field(ge=1)]),
}
"""What the value of a rule may be."""

Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]


class Rule(Value):
    """One thing that a marketplace asks. `seen` is when the source was looked at, `dated` the page's own date where it
    has one; before `applies_from` the rule is only a recommendation.
    """

    kind: RuleKind
    value: Any
    level: Level = Level.REQUIRED
    confidence: Confidence
    source: str | None = Field(default=None, min_length=1)
    url: str | None = Field(default=None, pattern=r"^https://\S+$")
    seen: Month
    dated: Month | None = None
    applies_from: date | None = None
    note: Text | None = None

    @field_validator("value", mode="plain")
    @classmethod
    def _of_its_kind(cls, value: object, info: ValidationInfo) -> object:
        if value is None or "kind" not in info.data:
            return value
        return VALUES[info.data["kind"]].validate_json(json.dumps(value), strict=True)

    @model_validator(mode="after")
    def _known_or_unknown(self) -> Rule:
        known = self.confidence is not Confidence.UNKNOWN
        if known is (self.value is None):
            raise ValueError("a rule has a value exactly when its confidence is not 'unknown'")
        if known and self.source is None:
            raise ValueError("a rule that is known names its source")
        return self

    def level_on(self, day: date) -> Level:
        early = self.applies_from is not None and day < self.applies_from
        return Level.RECOMMENDED if early else self.level


class MarketplaceRules(Value):
    """One entry of `data/marketplaces.json`; `remark` says which picture the rules are about."""

    id: Slug
    remark: Text | None = None
    rules: tuple[Rule, ...]

    @field_validator("rules")
    @classmethod
    def _speak_of_everything(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        missing = [subject for subject in Subject if subject not in {SUBJECTS[rule.kind] for rule in rules}]
        if missing:
            raise ValueError(f"no rule about {', '.join(missing)}: what is not known is there as 'unknown'")
        return rules

    def known(self, *kinds: RuleKind) -> tuple[Rule, ...]:
        """The rules of these kinds that have a value."""
        return tuple(rule for rule in self.rules if rule.kind in kinds and rule.value is not None)

    def required(self, kind: RuleKind) -> tuple[Any, ...]:
        return tuple(rule.value for rule in self.known(kind) if rule.level is Level.REQUIRED)
