"""Runs that another process left: taken up where they stand, or ended honestly when nobody can finish them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from domain import Attempt, ModelInfo, Outcome, ProviderKind, RunStatus
from errors import FilesGone, Unsure
from providers import Fate, Trail
from runs.events import RunFiles, RunResult
from runs.job import Tools
from runs.journal import Past
from runs.leases import Claim
from runs.store import FileStore

MOST_TAKES = 10
"""A run that was interrupted so often is likely to be what interrupts."""
ASK_S = 15.0
"""For the provider to say what became of an attempt; with its cancelling it is over before the lease of the run is."""


async def interrupt(tools: Tools, claim: Claim, past: Past, models: Mapping[str, ModelInfo]) -> RunResult:
    """End a run that nobody can finish, with the draft if there is one. What it left at the provider is cancelled;
    what was bought, or may have been, counts.
    """
    attempts = [await _closed(tools, one, past, models) for one in past.result.attempts]
    return await asyncio.to_thread(_ended, tools, claim, replace(past.result, attempts=tuple(attempts)), past, models)


def _ended(tools: Tools, claim: Claim, result: RunResult, past: Past, models: Mapping[str, ModelInfo]) -> RunResult:
    for before, after in zip(past.result.attempts, result.attempts, strict=True):
        if before is not after:
            if after.model_id in models:
                tools.pay(claim.run_id, models[after.model_id], after)  # first, as in `Attempts`
            tools.journal.end_attempt(claim, after)
    files = _files(tools.store, claim.run_id)
    drawn = next((model.id for model in models.values() if model.spec.kind is ProviderKind.EMBEDDED), None)
    ended = replace(
        result,
        status=RunStatus.INTERRUPTED,
        model_id=drawn if files else None,
        files=files,
        remarks=result.remarks if files else {},
        seconds=(tools.now() - past.started_at).total_seconds(),
    )
    tools.end(claim, ended, {model_id: model.name for model_id, model in models.items()})
    return ended


async def _closed(tools: Tools, attempt: Attempt, past: Past, models: Mapping[str, ModelInfo]) -> Attempt:
    if attempt.outcome is not Outcome.STARTED:
        return attempt
    model, trail = models.get(attempt.model_id), Trail(attempt.prediction_id, past.sent.token, past.sent.at)
    sent = trail.prediction_id or trail.token
    fate = await tools.providers[model.spec.kind].abandon(trail, ASK_S) if model and sent else Fate.FREE
    price = 0.0 if model is None or fate is Fate.FREE else model.price_usd
    unsure = fate is Fate.UNSURE
    outcome, error = (Outcome.UNSURE, Unsure.code) if unsure else (Outcome.CANCELLED, "cancelled")
    return attempt.model_copy(update={"outcome": outcome, "error": error, "cost_usd": price})


def _files(store: FileStore, run_id: str) -> RunFiles | None:
    try:
        return store.files(run_id, 0)
    except FilesGone:
        return None
