"""What every word is built from: frozen values, texts in two languages, statements."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Fact = str | int | float | bool | None
ModelId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Value(BaseModel):
    """A frozen value that refuses unknown keys; change it with `model_copy(update=...)`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Language(StrEnum):
    EN = "en"
    RU = "ru"


class Text(Value):
    """One text in the languages of the product."""

    en: str = Field(min_length=1)
    ru: str = Field(min_length=1)

    def in_language(self, language: Language) -> str:
        return self.ru if language is Language.RU else self.en


class Statement(Value):
    """Something to tell a person: `wording` has the sentence for `code`, filled with `facts`."""

    code: str
    facts: Mapping[str, Fact] = Field(default_factory=dict)
