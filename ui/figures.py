"""Numbers as a person of that language writes them."""

from __future__ import annotations

from domain import Language, Outcome
from ui.strings import words
from wording import dollars

MEGABYTE = 1_000_000


def price(usd: float, language: Language) -> str:
    """`$0.04`, `0,04 $`, `free`."""
    return words("free", language) if usd <= 0 else dollars(usd, language)


def charge(usd: float, outcome: Outcome, language: Language) -> str:
    """A failure that cost nothing is not "free"."""
    wasted = usd <= 0 and outcome is not Outcome.SUCCEEDED
    return words("not_charged", language) if wasted else price(usd, language)


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


def megabytes(size: int, language: Language) -> str:
    """Millions of bytes, as browsers count downloads."""
    return decimal(size / MEGABYTE, language)
