"""From the fields of an export to its options."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from domain import (
    LEAST_SIDE_PX,
    MOST_SIDE_PX,
    Background,
    BackgroundKind,
    ExportFormat,
    ExportOptions,
    Language,
    Placement,
)
from errors import WrongOptions
from ui.asking import known

_CHANNELS = re.compile(r"rgba?\(\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)")


def export_options(
    marketplace: str,
    background: str,
    colour: str | None,
    second: str | None,
    generated: bool,
    placement: str,
    shadow: bool,
    width: float | None,
    height: float | None,
    fill: float | None,
    file_format: str,
    enlarge: bool,
) -> ExportOptions:
    """Raises `WrongOptions`, which says what would be right."""
    colours = {name: hex_of(given) for name, given in (("colour", colour), ("second", second)) if given}
    try:
        return ExportOptions(
            marketplace=marketplace,
            background=Background(kind=background, generated=generated, **colours),
            placement=placement,
            shadow=bool(shadow),
            width=_side(width),
            height=_side(height),
            fill=fill or None,
            file_format=file_format,
            enlarge=bool(enlarge),
        )
    except ValidationError as error:
        raise WrongOptions(least=LEAST_SIDE_PX, most=MOST_SIDE_PX) from error


def listed_options(
    background: str | None,
    placement: str | None,
    file_format: str | None,
    language: Language,
    backgrounds: Iterable[str] = tuple(BackgroundKind),
    **given: Any,
) -> ExportOptions:
    """As `export_options`, for programs: what they leave out is the usual, and what is not listed is refused with what
    would be right.
    """
    looks: dict[str, tuple[str, Iterable[str]]] = {
        "background": (background or BackgroundKind.WHITE, backgrounds),
        "placement": (placement or Placement.CENTRE, tuple(Placement)),
        "file_format": (file_format or ExportFormat.AUTO, tuple(ExportFormat)),
    }
    for kind, (wanted, listed) in looks.items():
        known(kind, wanted, listed, language)
        given[kind] = wanted
    return export_options(**given)


def _side(value: Any) -> Any:
    """Gradio gives 1200.0 for 1200, and 0 or nothing for an empty field."""
    return int(value) if isinstance(value, float) and value.is_integer() and value else value or None


def hex_of(colour: str) -> str:
    """The colour picker says `#rrggbb` or `rgba(...)`; what is neither is left for the check of the options."""
    found = _CHANNELS.match(colour.strip())
    return f"#{''.join(_channel(one) for one in found.groups())}" if found else colour.strip()


def _channel(value: str) -> str:
    return f"{min(round(float(value)), 255):02X}"
