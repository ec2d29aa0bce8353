"""One line that says what is happening right now, for eyes and for screen readers."""

from __future__ import annotations

from enum import StrEnum

from domain import Language
from providers import Come
from ui import figures
from ui.markup import Html, tag
from ui.strings import words


class Mood(StrEnum):
    IDLE = "idle"
    BUSY = "busy"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


def line(sentence: str, mood: Mood, clock: Html | str = "") -> Html:
    """Only the sentence is announced: the clock beside it changes every second."""
    return tag("div", tag("p", sentence, role="status", aria_live="polite"), clock, class_=f"status {mood}")


def own(key: str, mood: Mood, language: Language, **facts: str) -> Html:
    return line(words(key, language, **facts), mood)


def handed_over(run_id: str, language: Language) -> Html:
    """The page looks for the next start while this is shown (`ui.rejoin`); the address holds without it too."""
    link = tag("a", words("handed_over_link", language), href=f"/runs/{run_id}/cutout", class_="handed-over")
    return line(words("status_handed_over", language), Mood.WARN, link)


def clock(seconds: float, typical: float, language: Language) -> Html:
    """Elapsed seconds and a bar that slows down instead of claiming to be finished."""
    late = seconds > typical * 1.15
    text = words(
        "clock_over" if late else "clock",
        language,
        seconds=f"{seconds:.0f}",
        typical=figures.decimal(typical, language),
    )
    return bar(share(seconds, typical), text)


def fetched(come: Come, language: Language) -> Html:
    """How much of a download is there: known, so nothing is guessed."""
    done, whole = (figures.megabytes(size, language) for size in (min(come.done, come.whole), come.whole))
    return bar(come.share, words("clock_fetched", language, done=done, whole=whole))


def bar(share: float, text: str) -> Html:
    filled = tag("span", style=f"width:{100 * share:.1f}%")
    return tag(
        "div", tag("div", filled, class_="bar"), tag("span", text, class_="seconds"), class_="clock", aria_hidden="true"
    )


def share(seconds: float, typical: float) -> float:
    """How full the bar is: even pace until 90 % at the usual time, then ever slower, never full."""
    ratio = seconds / typical if typical > 0 else 1.0
    return 0.9 * ratio if ratio <= 1 else 1 - 0.1 / ratio
