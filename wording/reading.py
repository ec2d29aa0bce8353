"""Which of our languages somebody reads, by what their browser or program says."""

from __future__ import annotations

from domain import Language


def language_in(header: str | None) -> Language:
    """Of the languages in an `Accept-Language` the best liked that we speak; English where there is none."""
    liked: dict[Language, float] = {}
    for part in (header or "").split(","):
        tag, _, weight = part.partition(";")
        language = _SPOKEN.get(tag.strip().lower().partition("-")[0])
        if language and (quality := _quality(weight)) > liked.get(language, 0):
            liked[language] = quality
    return max(liked, key=lambda language: liked[language], default=Language.EN)


def _quality(weight: str) -> float:
    """1 where nothing is said, 0 where it cannot be understood."""
    name, _, value = weight.strip().partition("=")
    try:
        return min(float(value), 1) if name.strip().lower() == "q" else float(not name)
    except ValueError:
        return 0


_SPOKEN = {language.value: language for language in Language}
