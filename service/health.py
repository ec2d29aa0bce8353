"""Whether the program is well: database, providers, versions."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from itertools import groupby

from domain import ModelState
from errors import DatabaseError, Trouble
from wording import say

VERSION = "0.1.0"
PACKAGES = ("gradio", "pillow", "sqlalchemy", "pydantic", "replicate", "opencv-python-headless")

Health = dict[str, object]


def healthy(states: Sequence[ModelState], policy_version: str, trouble: Trouble | None) -> Health:
    """The models are known; a provider is ready when one of its models can be called. In trouble, nothing is bought."""
    database: Health = {"ok": True, "models": len(states)}
    return {
        "status": "degraded" if trouble else "ok",
        "database": _troubled(trouble) if trouble else database,
        "providers": _providers(states),
        "policy_version": policy_version,
        "versions": _versions(),
    }


def degraded(error: DatabaseError) -> Health:
    """Not even the models are known."""
    return {"status": "degraded", "database": _troubled(error.trouble or Trouble.OTHER), "versions": _versions()}


def _troubled(trouble: Trouble) -> Health:
    return {"ok": False, "trouble": trouble.value, "error": say(f"trouble_name.{trouble}")}


def _providers(states: Sequence[ModelState]) -> Health:
    by_provider = groupby(sorted(states, key=lambda state: state.model.provider), lambda state: state.model.provider)
    return {name: _provider(tuple(group)) for name, group in by_provider}


def _provider(states: Sequence[ModelState]) -> Health:
    return {
        "ready": any(state.available for state in states),
        "models": {state.model.id: _word(state) for state in states},
    }


def _word(state: ModelState) -> str:
    """`ready`, `resting`, or why it is not ready."""
    word = state.statement.code.removeprefix("state.")
    return str(state.statement.facts.get("reason") or word) if word == "not_ready" else word


def _versions() -> dict[str, str]:
    packages = {name: version(name) for name in PACKAGES}
    return {"cutout-router": VERSION, "python": platform.python_version(), **packages}
