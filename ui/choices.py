"""What the form's lists offer."""

from __future__ import annotations

from collections.abc import Sequence

from domain import Goal, Language, ModelState
from ui.strings import label, words
from wording import CATALOGUES, say

AUTO = "auto"
ANYWHERE = "any"
UNKNOWN = "unknown"

COMPLEXITIES: dict[str, float | None] = {UNKNOWN: None, "simple": 0.2, "ordinary": 0.5, "tricky": 0.9}

Choices = list[tuple[str, str]]


def model_choices(states: Sequence[ModelState], language: Language) -> Choices:
    """Auto first, then every model with its state: "BiRefNet — ready"."""
    return [
        (words("model_auto", language), AUTO),
        *((_with_state(state, language), state.model.id) for state in states),
    ]


def _with_state(state: ModelState, language: Language) -> str:
    return f"{state.model.name} — {say(state.statement.code, state.statement.facts, language)}"


def marketplace_choices(slugs: Sequence[str], language: Language) -> Choices:
    return [
        (words("marketplace_any", language), ANYWHERE),
        *((marketplace_name(slug, language), slug) for slug in slugs),
    ]


def marketplace_name(slug: str, language: Language) -> str:
    return CATALOGUES[language].get(f"marketplace_name.{slug}", slug.replace("_", " ").title())


def goal_choices() -> list[tuple[object, str]]:
    return [(label(f"goal_{goal}"), goal.value) for goal in Goal]


def complexity_choices() -> list[tuple[object, str]]:
    return [(label(f"complexity_{name}"), name) for name in COMPLEXITIES]
