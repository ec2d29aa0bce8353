"""From a cutout to the file that a marketplace takes."""

from __future__ import annotations

import math
from functools import partial

from domain import (
    WRITTEN,
    Composition,
    Cutout,
    ExportFormat,
    ExportOptions,
    FileFormat,
    MarketplaceRules,
    Raster,
    RuleKind,
)
from errors import TooHeavy
from imaging.canvas import spot_for
from imaging.compose import compose
from imaging.listing_file import Written, write

_SHRINKS = (1, 0.75, 0.55, 0.4)


def make_export(
    cutout: Cutout, rules: MarketplaceRules, options: ExportOptions, picture: Raster | None = None
) -> tuple[Composition, Written]:
    """The picture and its file. When even the least quality is too heavy the canvas gets smaller, as far as is allowed,
    unless its size was asked for.

    Raises `NothingToShow`, `BackgroundMissing` and `TooHeavy`.
    """
    least_quality = max(rules.required(RuleKind.MIN_JPEG_QUALITY), default=1)
    file_format = format_for(rules, options.file_format)
    for shrink in _SHRINKS if options.width is None else _SHRINKS[:1]:
        composition = compose(cutout, partial(spot_for, rules, options, shrink=shrink), options, picture)
        written = write(composition, file_format, most_bytes(rules), least_quality)
        if written:
            return composition, written
    raise TooHeavy(megabytes=most_bytes(rules) / 1e6)


def most_bytes(rules: MarketplaceRules) -> float:
    return min((rule.value * 1e6 for rule in rules.known(RuleKind.MAX_MB)), default=math.inf)


def format_for(rules: MarketplaceRules, wanted: ExportFormat) -> FileFormat:
    """What was asked for; left to us, the first that the marketplace takes. JPEG where nothing is known."""
    if wanted is not ExportFormat.AUTO:
        return WRITTEN[wanted]
    taken = [value for rule in rules.known(RuleKind.FORMATS) for value in rule.value]
    return next((one for one in WRITTEN.values() if not taken or one in taken), FileFormat.JPEG)
