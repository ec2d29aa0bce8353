"""One attempt: one model called, its picture made into a cutout and judged. Whatever happens is a value."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from domain import Attempt, Cutout, ModelInfo, Outcome, Photo, ProviderOutput, Statement
from errors import EngineFault, PredictionFailed, ProviderError, RefusedRequest, TimedOut
from imaging import Cut, Geometry, cut_out, prepare
from policy import judge
from providers import Listener, Provider


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended; a cutout only when it succeeded, an error only when a provider raised it."""

    attempt: Attempt
    cutout: Cutout | None = None
    error: ProviderError | None = None


async def call_model(
    provider: Provider, model: ModelInfo, photo: Photo, deadline_s: float, listen: Listener, attempt: Attempt
) -> Ending:
    """Everything between the start of `attempt` and its end; seconds and prediction id are the caller's to add."""
    try:
        prepared = await asyncio.to_thread(prepare, photo, model.spec)
        output = await provider.run(prepared.photo, model, deadline_s, listen)
        cut = await asyncio.to_thread(_cut, photo, output, prepared.geometry)
    except ProviderError as error:
        return Ending(_failed(attempt, error), error=error)
    cost = model.price_usd if output.cost_usd is None else output.cost_usd
    refusal = judge(cut.measures, cut.likeness)
    if refusal:
        return Ending(_refused(attempt, refusal, cost))
    return Ending(attempt.model_copy(update={"outcome": Outcome.SUCCEEDED, "cost_usd": cost}), cut.cutout)


def charged(ending: Ending, model: ModelInfo, prediction_id: str | None) -> float:
    """US dollars: what was delivered counts; what the provider refused or failed does not; the rest might, so it does.

    A canceled prediction is charged, an aborted one is not (https://replicate.com/docs/topics/predictions/lifecycle).
    """
    if ending.attempt.cost_usd is not None:
        return ending.attempt.cost_usd
    told = ending.error.facts if ending.error else {}
    failed = isinstance(ending.error, PredictionFailed) and told.get("status") != "canceled"
    bought = prediction_id is not None or told.get("unsure") is True
    return model.price_usd if bought and not failed and not isinstance(ending.error, RefusedRequest) else 0.0


def _cut(photo: Photo, output: ProviderOutput, geometry: Geometry) -> Cut:
    try:
        return cut_out(photo, output, geometry)
    except Exception as error:
        raise EngineFault(f"cutting out failed: {type(error).__name__}") from error


def _failed(attempt: Attempt, error: ProviderError) -> Attempt:
    outcome = Outcome.TIMED_OUT if isinstance(error, TimedOut) else Outcome.FAILED
    return attempt.model_copy(update={"outcome": outcome, "error": error.code, "facts": dict(error.facts)})


def _refused(attempt: Attempt, refusal: Statement, cost: float) -> Attempt:
    told = {"outcome": Outcome.REFUSED, "error": refusal.code, "facts": dict(refusal.facts), "cost_usd": cost}
    return attempt.model_copy(update=told)
