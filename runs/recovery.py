"""Runs that another process left: taken up where they stand, or ended honestly when nobody can finish them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain import Attempt, ModelInfo, Outcome, ProviderKind, RunStatus
from errors import FilesGone, Unsure
from runs.events import RunFiles, RunResult
from runs.job import Tools
from runs.journal import Past
from runs.leases import Claim
from runs.store import FileStore

MOST_TAKES = 10
"""A run that was interrupted so often is likely to be what interrupts."""


def interrupt(tools: Tools, claim: Claim, past: Past, models: Mapping[str, ModelInfo]) -> RunResult:
    """End a run that nobody can finish, with the draft if there is one. What may have been bought counts."""
    attempts = tuple(_closed(one, past, models) for one in past.result.attempts)
    for before, after in zip(past.result.attempts, attempts, strict=True):
        if before is not after:
            tools.ledger.hold(claim.run_id, after.model_id, after.cost_usd or 0.0)  # first, as in `Drive`
            tools.journal.end_attempt(claim, after)
    files = _files(tools.store, claim.run_id)
    drawn = next((model.id for model in models.values() if model.spec.kind is ProviderKind.EMBEDDED), None)
    ended = replace(
        past.result,
        status=RunStatus.INTERRUPTED,
        model_id=drawn if files else None,
        attempts=attempts,
        files=files,
        remarks=past.result.remarks if files else {},
        seconds=(tools.now() - past.started_at).total_seconds(),
    )
    names = {model_id: model.name for model_id, model in models.items()}
    tools.end(claim, ended, names)
    return ended


def _closed(attempt: Attempt, past: Past, models: Mapping[str, ModelInfo]) -> Attempt:
    if attempt.outcome is not Outcome.STARTED:
        return attempt
    model, sent = models.get(attempt.model_id), attempt.prediction_id or past.sent.token
    if model is None or model.is_local or not sent:
        return attempt.model_copy(update={"outcome": Outcome.CANCELLED, "error": "cancelled", "cost_usd": 0.0})
    told = {"outcome": Outcome.UNSURE, "error": Unsure.code, "cost_usd": model.price_usd}
    return attempt.model_copy(update=told)


def _files(store: FileStore, run_id: str) -> RunFiles | None:
    try:
        return store.files(run_id, 0)
    except FilesGone:
        return None
