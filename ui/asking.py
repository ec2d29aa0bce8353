"""What the named endpoints share: a wrong value is answered by a sentence, in the caller's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain import Fact, Language
from ui.faults import Sentence, apology, toast
from wording import say

Json = dict[str, Any]


def known(kind: str, value: str | None, listed: Iterable[str], language: Language) -> str | None:
    """The value, or a sentence that names it and the ones that are right."""
    names = tuple(listed)
    if value is None or value in names:
        return value
    facts: dict[str, Fact] = {kind: str(value)[:80], "known": ", ".join(names)}
    raise toast(say(f"error.unknown_{kind}", facts, language), language)


def said(error: Exception, language: Language) -> Sentence:
    return error if isinstance(error, Sentence) else toast(apology(error, language), language)
