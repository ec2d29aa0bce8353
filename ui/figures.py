"""Numbers as a person of that language writes them."""

from __future__ import annotations

from domain import Language
from ui.strings import words


def price(usd: float, language: Language) -> str:
    """`$0.04`, `0,04 $`, `free`; tenths of a cent only where there are some."""
    if usd <= 0:
        return words("free", language)
    digits = f"{usd:.4f}".rstrip("0")
    whole, _, part = digits.partition(".")
    figure = f"{whole}.{part:0<2}"
    return f"{figure.replace('.', ',')} $" if language is Language.RU else f"${figure}"


def seconds(value: float, language: Language) -> str:
    return words("seconds", language, seconds=decimal(value, language))


def decimal(value: float, language: Language) -> str:
    """One decimal below ten, none above."""
    figure = f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
    return figure.replace(".", ",") if language is Language.RU else figure


def duration(seconds: float, language: Language) -> str:
    """Seconds up to a minute and a half, then minutes, then hours."""
    if seconds < 90:
        return words("seconds", language, seconds=f"{seconds:.0f}")
    if seconds < 90 * 60:
        return words("minutes", language, minutes=f"{seconds / 60:.0f}")
    return words("hours", language, hours=decimal(seconds / 3600, language))
