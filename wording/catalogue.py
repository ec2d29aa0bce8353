"""Sentences from `en.toml` and `ru.toml`, filled with facts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from domain import Fact, Language, Statement

FACTS_WITH_WORDS = ("marketplace", "error", "cap", "trouble")
MONEY = "spent_usd"


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            flat |= _flatten(value, f"{name}.")
        else:
            flat[name] = str(value)
    return flat


def _read(language: Language) -> dict[str, str]:
    path = Path(__file__).with_name(f"{language}.toml")
    return _flatten(tomllib.loads(path.read_text(encoding="utf-8")))


CATALOGUES: Mapping[Language, Mapping[str, str]] = {language: _read(language) for language in Language}


def say(code: str, facts: Mapping[str, Fact] | None = None, language: Language = Language.EN) -> str:
    """The sentence for `code`; an unknown code says so plainly rather than failing a run."""
    told = facts or {}
    catalogue = CATALOGUES[language]
    template = catalogue.get(f"{code}.{told.get('reason')}") or catalogue.get(code) or catalogue.get(f"{code}.default")
    if template is None:
        return catalogue["unknown"].format(code=code)
    return template.format_map(
        _Facts({name: _readable(name, value, language) for name, value in told.items() if value is not None})
    )


def say_all(statements: Iterable[Statement], language: Language = Language.EN) -> str:
    """Several statements as one text."""
    return " ".join(say(statement.code, statement.facts, language) for statement in statements)


def dollars(usd: float, language: Language) -> str:
    """`$0.04`, `0,04 $`; tenths of a cent only where there are some."""
    whole, _, part = f"{usd:.4f}".rstrip("0").partition(".")
    figure = f"{whole}.{part:0<2}"
    return f"{figure.replace('.', ',')} $" if language is Language.RU else f"${figure}"


class _Unknown:
    """Takes the place of a fact that nobody told, whatever format it was to have."""

    def __format__(self, _specification: str) -> str:
        return "?"


class _Facts(dict[str, Any]):
    def __missing__(self, _name: str) -> _Unknown:
        return _Unknown()


def _readable(name: str, value: Fact, language: Language) -> Fact:
    """A fact that is itself a code is said in words, where there are words for it; money as people write it."""
    if name == MONEY and isinstance(value, float):
        return dollars(value, language)
    if name in FACTS_WITH_WORDS:
        return CATALOGUES[language].get(f"{name}_name.{value}", value)
    return value
