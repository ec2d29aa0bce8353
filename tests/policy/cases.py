"""Models and facts for the policy's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app import SEED
from domain import ModelInfo, PolicyFacts, Readiness, Rest, SelectionRequest
from registry import load_seed

SEEDED: tuple[ModelInfo, ...] = load_seed(SEED)
V2, V1, BIREFNET = "flux-kontext-lora-v2", "flux-kontext-lora-v1", "birefnet"
LITE, EMBEDDED = "birefnet-lite", "embedded"
HOSTED = (V2, V1, BIREFNET)
NO_WISHES = SelectionRequest()
REST = Rest(until=datetime(2026, 11, 23, 14, 5, tzinfo=UTC), failures=5)


def ready(*model_ids: str) -> dict[str, Readiness]:
    return {model_id: Readiness(ready=True) for model_id in model_ids}


def facts(*ready_ids: str, **more: Any) -> PolicyFacts:
    """These models are ready (all hosted ones and the embedded engine when none is named), the others are not."""
    unready = {model.id: Readiness(ready=False, reason="no_token") for model in SEEDED}
    return PolicyFacts(readiness={**unready, **ready(*(ready_ids or (*HOSTED, EMBEDDED)))}, **more)


def changed(model_id: str, **changes: Any) -> tuple[ModelInfo, ...]:
    """The seeded models with one of them changed."""
    return tuple(model.model_copy(update=changes) if model.id == model_id else model for model in SEEDED)
