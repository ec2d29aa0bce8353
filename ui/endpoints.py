"""What programs call: four named endpoints for the Gradio client, raw HTTP and MCP.

They hang on hidden components, not on `gr.api`, because only components check that a file was uploaded here and hand
a finished file back byte for byte. Text fields instead of lists, so that a wrong value is answered by a sentence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from types import MethodType

import gradio as gr

from domain import Goal, Language, SelectionRequest, SelectionResult
from runs import MAX_KEY
from runs.events import RunEnded
from service import Service
from ui import export_endpoint
from ui.asking import Json, known, said
from ui.choices import AUTO
from ui.faults import toast
from ui.form import photo_bytes
from ui.line import InLine, events_of, note
from ui.photo import photo_input
from ui.privacy import endpoint as privacy_endpoint
from ui.run_tab import RUNS
from ui.strings import caller_of
from ui.visitor import visitor_key
from wording import say


async def process(
    service: Service,
    photo: str,
    model_id: str = "auto",
    marketplace: str | None = None,
    goal: str = "balanced",
    complexity: float | None = None,
    local_only: bool = False,
    commercial_only: bool = False,
    idempotency_key: str | None = None,
    request: gr.Request | None = None,
) -> AsyncIterator[tuple[str | None, Json]]:
    """Cut a product out of its photo: a transparent PNG at the photo's size, and how it came about.

    Args:
        photo: The product photo: JPEG, PNG, WebP, HEIC, AVIF or TIFF, up to 20 MB.
        model_id: A model's id from list_models, or "auto" to let the policy choose.
        marketplace: Where it will be sold, for example "amazon" or "ozon"; prefers models that suit it.
        goal: "balanced", "fast" or "quality".
        complexity: How tricky the outline is, from 0 (clear edges) to 1 (fur, lace, glass); empty if unknown.
        local_only: Keep the photo on this server: no hosted model takes part.
        commercial_only: Only models whose licence clears commercial use.
        idempotency_key: For a day, the same key with the same photo and wishes gives the same run, paid for once; it
            goes on when you leave.

    Returns:
        The cutout as a PNG file, or null when no model managed it; then the whole run: status, model, explanation,
        candidates, attempts, seconds and cost.
    """
    language = caller_of(request)
    try:
        await note(service, photo, request)
        asked = _request(service, language, model_id, marketplace, goal, complexity, local_only, commercial_only)
        key = _key(idempotency_key, language)
        async with aclosing(events_of(service, photo, asked, request, key)) as events:
            async for event in events:
                if isinstance(event, InLine):
                    yield None, {"status": "waiting", "ahead": event.ahead}
                elif isinstance(event, RunEnded):
                    cutout = str(event.result.files.cutout) if event.result.files else None
                    yield cutout, service.report(event.result, language).model_dump(mode="json")
                else:
                    yield None, {"run_id": event.run_id, "status": "running"}
    except Exception as error:
        raise said(error, language) from error


async def explain_selection(
    service: Service,
    photo: str | None = None,
    model_id: str = "auto",
    marketplace: str | None = None,
    goal: str = "balanced",
    complexity: float | None = None,
    local_only: bool = False,
    commercial_only: bool = False,
    request: gr.Request | None = None,
) -> Json:
    """Say which model would be chosen right now, and why, without running or paying anything.

    Args:
        photo: The product photo, if its size should count; may be left out.
        model_id: A model's id from list_models, or "auto" to let the policy choose.
        marketplace: Where it will be sold, for example "amazon" or "ozon".
        goal: "balanced", "fast" or "quality".
        complexity: How tricky the outline is, from 0 to 1; empty if unknown.
        local_only: Only local engines.
        commercial_only: Only models whose licence clears commercial use.

    Returns:
        The chosen model, the reason, the explanation, the fallback chain, and the verdict on every candidate.
    """
    language = caller_of(request)
    try:
        await note(service, photo, request)
        asked = _request(service, language, model_id, marketplace, goal, complexity, local_only, commercial_only)
        selection = await service.select(asked, await photo_bytes(photo) if photo else None, visitor_key(request))
        return _selection_json(service, selection, language)
    except Exception as error:
        raise said(error, language) from error


def list_models(
    service: Service,
    tag: str | None = None,
    marketplace: str | None = None,
    active: bool = True,
    request: gr.Request | None = None,
) -> list[Json]:
    """List the models of the registry, highest priority first.

    Args:
        tag: Only models with this tag, for example "enhanced" or "light".
        marketplace: Only models that suit this marketplace, for example "ozon".
        active: Only models that are switched on; false lists the others.

    Returns:
        Every model with its strengths, weaknesses, specification, price, usual seconds and licence.
    """
    language = caller_of(request)
    known("marketplace", marketplace or None, service.marketplaces(), language)
    models = service.models(tag=tag or None, marketplace=marketplace or None, active=active)
    return [model.model_dump(mode="json") for model in models]


def _request(
    service: Service,
    language: Language,
    model_id: str | None,
    marketplace: str | None,
    goal: str | None,
    complexity: object,
    local_only: bool,
    commercial_only: bool,
) -> SelectionRequest:
    """The request, or a sentence that names the value that is wrong and the ones that are right."""
    wanted = known("model", model_id or AUTO, (AUTO, *_model_ids(service)), language)
    return SelectionRequest(
        model_id=None if wanted == AUTO else wanted,
        marketplace=known("marketplace", marketplace or None, service.marketplaces(), language),
        goal=Goal(known("goal", goal or Goal.BALANCED, tuple(Goal), language) or Goal.BALANCED),
        complexity=_share(complexity, language),
        local_only=bool(local_only),
        commercial_only=bool(commercial_only),
    )


def _model_ids(service: Service) -> list[str]:
    """Models that are switched off too: the policy says so itself, and takes another one."""
    return [model.id for active in (True, False) for model in service.models(active=active)]


def _share(value: object, language: Language) -> float | None:
    """Gradio hands over whatever was sent, words too."""
    if value is None:
        return None
    if isinstance(value, int | float) and 0 <= value <= 1:
        return float(value)
    raise toast(say("error.bad_complexity", {}, language), language)


def _key(value: object, language: Language) -> str | None:
    if not value:
        return None
    if isinstance(value, str) and len(value) <= MAX_KEY:
        return value
    raise toast(say("error.bad_key", {"limit": MAX_KEY}, language), language)


def _selection_json(service: Service, selection: SelectionResult, language: Language) -> Json:
    told = service.selection_report(selection, language)
    return {
        "model_id": selection.model_id,
        "reason": selection.reason.value,
        "explanation": told.explanation,
        "fallback_chain": list(selection.fallback_chain),
        "candidates": [candidate.model_dump(mode="json") for candidate in told.candidates],
        "policy_version": selection.policy_version,
    }


def _wish_fields() -> list[gr.components.Component]:
    """Model, marketplace, goal, complexity, local only, commercial only."""
    return [
        gr.Textbox(AUTO, label="Model id"),
        gr.Textbox(label="Marketplace"),
        gr.Textbox(Goal.BALANCED.value, label="Goal"),
        gr.Number(None, label="Complexity"),
        gr.Checkbox(label="Local engines only"),
        gr.Checkbox(label="Cleared for commercial use only"),
    ]


def build(service: Service) -> None:
    with gr.Column(visible=False):
        gr.Button().click(
            MethodType(process, service),
            [photo_input(label="Photo"), *_wish_fields(), gr.Textbox(label="Idempotency key")],
            [gr.File(label="Cutout"), gr.JSON(label="Run")],
            api_name="process",
            concurrency_limit=None,
            concurrency_id=RUNS,
        )
        gr.Button().click(
            MethodType(explain_selection, service),
            [photo_input(label="Photo"), *_wish_fields()],
            gr.JSON(label="Selection"),
            api_name="explain_selection",
            concurrency_limit=None,  # photos take turns where they are opened; one visitor's would fill a line here
        )
        gr.Button().click(
            MethodType(list_models, service),
            [gr.Textbox(label="Tag"), gr.Textbox(label="Marketplace"), gr.Checkbox(True, label="Active")],
            gr.JSON(label="Models"),
            api_name="list_models",
            concurrency_limit=None,
        )
        export_endpoint.build(service)
        privacy_endpoint(service)
