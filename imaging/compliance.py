"""What the rules say to a file: pass, fail, or unknown. Pure: facts and rules in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from domain import (
    BackgroundRule,
    Compliance,
    Fact,
    FileFacts,
    FileFormat,
    Finding,
    Level,
    MarketplaceRules,
    OwnCheck,
    Passing,
    Rule,
    RuleKind,
)

NEUTRAL_SPREAD: Final = 3
"""Largest difference between a background's channels that is still grey for certain: what JPEG adds."""
_HAIR = 1e-9

Opinion = bool | None
"""None when it cannot be told."""


def assess(facts: FileFacts, rules: MarketplaceRules, today: date) -> Compliance:
    """A finding for every rule, in the rules' order, and then for every check of our own."""
    findings = (*(_finding(rule, facts, today) for rule in rules.rules), *(_own(check, facts) for check in OwnCheck))
    return Compliance(marketplace=rules.id, file=facts, findings=findings)


def _finding(rule: Rule, facts: FileFacts, today: date) -> Finding:
    opinion = JUDGES[rule.kind](rule.value, facts) if rule.value is not None else None
    return Finding(
        check=rule.kind,
        verdict=_verdict(opinion),
        level=rule.level_on(today),
        wanted=rule.value,
        found=FOUND[rule.kind](facts),
        **rule.model_dump(exclude={"kind", "value", "level"}),
    )


def _own(check: OwnCheck, facts: FileFacts) -> Finding:
    opinion, found = OWN[check](facts)
    return Finding(check=check, verdict=_verdict(opinion), level=Level.RECOMMENDED, found=found)


def _verdict(opinion: Opinion) -> Passing:
    if opinion is None:
        return Passing.UNKNOWN
    return Passing.PASS if opinion else Passing.FAIL


def _aspect(value: str, facts: FileFacts) -> bool:
    """To the pixel: one side is what the other asks for, rounded."""
    across, down = (int(part) for part in value.split(":"))
    return 2 * abs(facts.width * down - facts.height * across) <= max(across, down)


def _background(value: BackgroundRule, facts: FileFacts) -> Opinion:
    if value is BackgroundRule.OPAQUE:
        return facts.opaque
    if not facts.opaque:
        return False
    if value is BackgroundRule.WHITE:
        return facts.frame_white == 1 and (facts.background_white is None or facts.background_white == 1)
    neutral = facts.background_spread is not None and facts.background_spread <= NEUTRAL_SPREAD
    return True if neutral else None


def _margin(value: float, facts: FileFacts) -> Opinion:
    if facts.margins is None:
        return None
    left, top, right, bottom = facts.margins
    return min(left / facts.width, right / facts.width, top / facts.height, bottom / facts.height) >= value - _HAIR


def _jpeg_quality(value: int, facts: FileFacts) -> Opinion:
    """Other formats have no such quality, so the rule is not about them."""
    if facts.file_format != FileFormat.JPEG:
        return True
    return None if facts.jpeg_quality is None else facts.jpeg_quality >= value


def _ai_metadata(_value: bool, facts: FileFacts) -> Opinion:
    if facts.generated is None:
        return None
    return facts.digital_source is not None or not facts.generated


def _cannot_be_seen(_value: object, _facts: FileFacts) -> None:
    """A person has to look."""


JUDGES: Final[Mapping[RuleKind, Callable[[Any, FileFacts], Opinion]]] = {
    RuleKind.MIN_SIZE: lambda value, facts: facts.width >= value[0] and facts.height >= value[1],
    RuleKind.MIN_SIDE: lambda value, facts: facts.sides[0] >= value,
    RuleKind.MIN_LONG_SIDE: lambda value, facts: facts.sides[1] >= value,
    RuleKind.MAX_LONG_SIDE: lambda value, facts: facts.sides[1] <= value,
    RuleKind.MAX_MEGAPIXELS: lambda value, facts: facts.width * facts.height <= value * 1e6,
    RuleKind.ASPECT: _aspect,
    RuleKind.BACKGROUND: _background,
    RuleKind.MIN_FILL: lambda value, facts: None if facts.fill is None else facts.fill >= value - _HAIR,
    RuleKind.MAX_FILL: lambda value, facts: None if facts.fill is None else facts.fill <= value + _HAIR,
    RuleKind.MIN_MARGIN: _margin,
    RuleKind.FORMATS: lambda value, facts: facts.file_format in value,
    RuleKind.MIN_JPEG_QUALITY: _jpeg_quality,
    RuleKind.MAX_MB: lambda value, facts: facts.size_bytes <= value * 1e6,
    RuleKind.AI_METADATA: _ai_metadata,
    RuleKind.FORBIDS: _cannot_be_seen,
    RuleKind.MAX_PHOTOS: _cannot_be_seen,
}


def _size(facts: FileFacts) -> Mapping[str, Fact]:
    return {"width": facts.width, "height": facts.height, "megapixels": round(facts.width * facts.height / 1e6, 2)}


def _ground(facts: FileFacts) -> Mapping[str, Fact]:
    return {
        "frame": percent(facts.frame_white),
        "white": None if facts.background_white is None else percent(facts.background_white),
        "opaque": facts.opaque,
        "spread": facts.background_spread,
    }


def _filled(facts: FileFacts) -> Mapping[str, Fact]:
    return {"fill": None if facts.fill is None else percent(facts.fill)}


def _edges(facts: FileFacts) -> Mapping[str, Fact]:
    return dict(zip(("left", "top", "right", "bottom"), facts.margins or (None,) * 4, strict=True))


def _written(facts: FileFacts) -> Mapping[str, Fact]:
    return {"format": facts.file_format, "quality": facts.jpeg_quality}


def _source(facts: FileFacts) -> Mapping[str, Fact]:
    return {"generated": facts.generated, "digital_source": facts.digital_source}


def _nothing(_facts: FileFacts) -> Mapping[str, Fact]:
    return {}


FOUND: Final[Mapping[RuleKind, Callable[[FileFacts], Mapping[str, Fact]]]] = {
    RuleKind.MIN_SIZE: _size,
    RuleKind.MIN_SIDE: _size,
    RuleKind.MIN_LONG_SIDE: _size,
    RuleKind.MAX_LONG_SIDE: _size,
    RuleKind.MAX_MEGAPIXELS: _size,
    RuleKind.ASPECT: _size,
    RuleKind.BACKGROUND: _ground,
    RuleKind.MIN_FILL: _filled,
    RuleKind.MAX_FILL: _filled,
    RuleKind.MIN_MARGIN: _edges,
    RuleKind.FORMATS: _written,
    RuleKind.MIN_JPEG_QUALITY: _written,
    RuleKind.MAX_MB: lambda facts: {"megabytes": facts.size_bytes / 1e6},
    RuleKind.AI_METADATA: _source,
    RuleKind.FORBIDS: _nothing,
    RuleKind.MAX_PHOTOS: _nothing,
}

OWN: Final[Mapping[OwnCheck, Callable[[FileFacts], tuple[Opinion, Mapping[str, Fact]]]]] = {
    OwnCheck.NOT_ENLARGED: lambda facts: (
        None if facts.scale is None else facts.scale <= 1,
        {"scale": None if facts.scale is None else round(facts.scale, 3)},
    ),
    OwnCheck.NO_LEFTOVERS: lambda facts: (not facts.leftovers, {"leftovers": ", ".join(facts.leftovers) or None}),
    OwnCheck.SRGB: lambda facts: (facts.srgb, {"srgb": facts.srgb}),
}


def percent(share: float) -> float:
    """Two decimals, cut and not rounded: 99.999 % is not all."""
    return int(share * 1e4 + _HAIR) / 100
