"""Models, reports and answers for the page's tests; every text can be replaced by a hostile one."""

from __future__ import annotations

from typing import Any

from domain import (
    AttemptReport,
    CandidateReport,
    Licence,
    Limits,
    ModelInfo,
    ModelSpec,
    ModelState,
    Outcome,
    OutputKind,
    ProviderKind,
    ProviderName,
    Statement,
    Text,
    VerdictKind,
)

HOSTILE = "<img src=x onerror=f(1)>${id}\"'&"


def both(text: str) -> Text:
    return Text(en=text, ru=f"{text} (ru)")


def model(**given: Any) -> ModelInfo:
    spec = ModelSpec(
        kind=ProviderKind.FLUX_KONTEXT,
        output=OutputKind.ON_WHITE,
        prompt="put it on white",
        guidance_scale=2.5,
        num_inference_steps=28,
        limits=Limits(max_megapixels=4),
    )
    usual = {
        "id": "kontext",
        "name": "Kontext",
        "version": "2",
        "provider": ProviderName.REPLICATE,
        "endpoint": "owner/name",
        "dataset_notes": both("trained on shoes"),
        "pros": (both("clean edges"), both("keeps logos")),
        "cons": (both("slow"),),
        "spec": spec,
        "tags": ("enhanced",),
        "supports_marketplaces": ("ozon", "yandex_market"),
        "priority": 20,
        "price_usd": 0.04,
        "typical_seconds": 25,
        "licence": Licence(name="MIT", commercial_use=True),
    }
    return ModelInfo(**(usual | given))


def state(available: bool = True, code: str = "state.ready", **given: Any) -> ModelState:
    facts = {"reason": "no_token"} if code == "state.not_ready" else {}
    return ModelState(model=model(**given), available=available, statement=Statement(code=code, facts=facts))


def candidate(**given: Any) -> CandidateReport:
    usual = {"model_id": "kontext", "verdict": VerdictKind.CHOSEN, "objection": None, "explanation": "Chosen."}
    return CandidateReport(**(usual | given))


def attempt(**given: Any) -> AttemptReport:
    usual = {
        "model_id": "kontext",
        "outcome": Outcome.SUCCEEDED,
        "error": None,
        "explanation": None,
        "seconds": 12.3,
        "cost_usd": 0.04,
        "prediction_id": None,
    }
    return AttemptReport(**(usual | given))
