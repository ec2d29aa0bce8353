"""How large a canvas is, and where the product lies on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from domain import LEAST_SIDE_PX, MOST_SIDE_PX, ExportOptions, Level, MarketplaceRules, Placement, Rule, RuleKind
from imaging.geometry import Size

USUAL_LONG_SIDE: Final = 1600
USUAL_FILL: Final = 0.85
_MORE_FILL, _MOST_FILL = 0.03, 0.95
"""Above a least fill: soft edges that hardly differ from the background are not counted by everybody."""
_WORTH_IT = 1.01
"""Blown up by less, a product only loses its sharpness: a canvas of whole pixels is a little larger than it needs."""
_LEAST = (RuleKind.MIN_SIZE, RuleKind.MIN_SIDE, RuleKind.MIN_LONG_SIDE)


@dataclass(frozen=True, slots=True)
class Spot:
    """A canvas of `size`, and the `box` (left, top, width, height) on it that the product is scaled into."""

    size: Size
    box: tuple[int, int, int, int]
    scale: float


def spot_for(rules: MarketplaceRules, options: ExportOptions, product: Size, shrink: float = 1) -> Spot:
    """The place of a product of `product` pixels. A product that is too small gets a smaller canvas, down to the least
    that is required, or that is recommended if it may be enlarged. `shrink` makes a canvas that is too heavy smaller,
    where its size was left to the rules.
    """
    fill = options.fill or _fill(rules)
    size = _given(options) or _size(rules, product, fill, shrink, enlarge=options.enlarge)
    fitting = fill * min(size[0] / product[0], size[1] / product[1])
    scale = fitting if options.enlarge and fitting > _WORTH_IT else min(fitting, 1)
    box = tuple(min(max(round(side * scale), 1), size[i]) for i, side in enumerate(product))
    return Spot(size, (*_corner(size, (box[0], box[1]), options.placement), box[0], box[1]), scale)


def least_fill(rules: MarketplaceRules) -> float:
    return max((rule.value for rule in rules.known(RuleKind.MIN_FILL)), default=0)


def _fill(rules: MarketplaceRules) -> float:
    """Between the least and the most where both are known."""
    least = least_fill(rules)
    most = min((rule.value for rule in rules.known(RuleKind.MAX_FILL)), default=1)
    if not least:
        return min(USUAL_FILL, most)
    return (least + most) / 2 if most < 1 else max(min(least + _MORE_FILL, _MOST_FILL), least)


def _given(options: ExportOptions) -> Size | None:
    return None if options.width is None or options.height is None else (options.width, options.height)


def _size(rules: MarketplaceRules, product: Size, fill: float, shrink: float, *, enlarge: bool) -> Size:
    unit = _proportions(rules)
    snug = max(product[0] / unit[0], product[1] / unit[1]) / fill
    recommended, required = (_least(rules, unit, levels) for levels in (tuple(Level), (Level.REQUIRED,)))
    own = min(max(USUAL_LONG_SIDE, recommended), snug)
    wanted = max(own, recommended) if enlarge else own
    long_side = min(max(math.ceil(wanted * shrink), required), _most(rules, unit))
    return round(long_side * unit[0]), round(long_side * unit[1])


def _proportions(rules: MarketplaceRules) -> tuple[float, float]:
    """Width and height over the long side; square where nothing is known."""
    known = rules.known(RuleKind.ASPECT)
    across, down = (int(part) for part in known[0].value.split(":")) if known else (1, 1)
    return across / max(across, down), down / max(across, down)


def _least(rules: MarketplaceRules, unit: tuple[float, float], levels: tuple[Level, ...]) -> int:
    """The long side that satisfies every least size of these levels."""
    sides = (_long_side(rule, unit) for rule in rules.known(*_LEAST) if rule.level in levels)
    return math.ceil(max((LEAST_SIDE_PX / min(unit), *sides)) - 1e-9)


def _long_side(rule: Rule, unit: tuple[float, float]) -> float:
    if rule.kind is RuleKind.MIN_SIZE:
        return float(max(rule.value[0] / unit[0], rule.value[1] / unit[1]))
    return float(rule.value / min(unit) if rule.kind is RuleKind.MIN_SIDE else rule.value)


def _most(rules: MarketplaceRules, unit: tuple[float, float]) -> int:
    sides = [rule.value for rule in rules.known(RuleKind.MAX_LONG_SIDE)]
    areas = [math.sqrt(rule.value * 1e6 / (unit[0] * unit[1])) for rule in rules.known(RuleKind.MAX_MEGAPIXELS)]
    return int(min((MOST_SIDE_PX, *sides, *areas)))


def _corner(size: Size, box: Size, placement: Placement) -> Size:
    """Left and top; at the bottom it stands as far from the foot as it is from the nearest other edges."""
    across, down = size[0] - box[0], size[1] - box[1]
    return across // 2, down - min(across, down) // 2 if placement is Placement.BOTTOM else down // 2
