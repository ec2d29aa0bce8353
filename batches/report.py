"""A batch as everybody reads it, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain import (
    OPEN,
    Batch,
    BatchItem,
    BatchReport,
    BatchStatus,
    Estimate,
    ExportLine,
    ItemReport,
    ItemState,
    Language,
    MadeExport,
)
from runs import missed_sentence
from wording import say


def batch_report(
    batch: Batch, estimate: Estimate, names: Mapping[str, str], at_once: int, now: datetime, language: Language
) -> BatchReport:
    """`names` gives the model's name for its id; `at_once` is how many photos are worked on here."""
    photos = batch.photos
    return BatchReport(
        batch_id=batch.batch_id,
        status=batch.status,
        photos=len(photos),
        done=len(photos) - batch.count(*OPEN),
        refused=batch.count(ItemState.REFUSED),
        states={state: count for state in ItemState if (count := batch.count(state))},
        cost_usd=batch.cost_usd,
        elapsed_s=_elapsed_s(batch, now),
        left_s=_left_s(batch, estimate, at_once, now),
        marketplaces=batch.options.marketplaces,
        estimate=estimate,
        items=tuple(_line(item, names, language) for item in batch.items),
    )


def _line(item: BatchItem, names: Mapping[str, str], language: Language) -> ItemReport:
    return ItemReport(
        number=item.number,
        file=item.name,
        state=item.state,
        run_id=item.run_id,
        model_id=item.model_id,
        model=names.get(item.model_id or "", item.model_id),
        fallbacks=item.fallbacks,
        seconds=item.seconds,
        cost_usd=item.cost_usd,
        explanation=say(item.note, item.facts, language) if item.note else None,
        exports=tuple(_export(made, language) for made in item.exports),
    )


def _export(made: MadeExport, language: Language) -> ExportLine:
    if made.error:
        reasons: tuple[str, ...] = (say(f"error.{made.error}", made.facts, language),)
    else:
        reasons = tuple(missed_sentence(one, language) for one in made.missed)
    return ExportLine(
        marketplace=made.marketplace,
        export=made.export,
        accepted=made.accepted,
        error=made.error,
        missed=tuple(one.check for one in made.missed),
        reasons=reasons,
    )


def _elapsed_s(batch: Batch, now: datetime) -> float:
    if batch.started_at is None:
        return 0.0
    return round(((batch.ended_at or now) - batch.started_at).total_seconds(), 1)


def _left_s(batch: Batch, estimate: Estimate, at_once: int, now: datetime) -> float | None:
    """From what the photos took so far; before the first is done, what is usual less what has passed. None when it is
    over, and when nobody can tell.
    """
    left = batch.count(*OPEN)
    if batch.status is not BatchStatus.RUNNING or not left:
        return None
    took = [item.seconds for item in batch.photos if item.state not in OPEN and item.seconds]
    if took:
        return round(sum(took) / len(took) * left / min(at_once, left), 1)
    usual = estimate.typical_s * min(at_once, estimate.photos) / max(estimate.photos, 1)
    guess = usual * left / min(at_once, left) - _elapsed_s(batch, now)
    return round(guess, 1) if guess > 0 else None
