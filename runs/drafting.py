"""The embedded engine's cutout, shown while a hosted model works; no attempt, and no error, of the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from domain import Attempt, Cutout, Fact
from runs.attempt import Call, call_model
from runs.events import RunFiles
from runs.job import Job, Tools


@dataclass(frozen=True, slots=True)
class Draft:
    """`remarks` are what would be said of it as the cutout of an attempt."""

    files: RunFiles
    cutout: Cutout
    remarks: Mapping[str, Fact]


async def make_draft(tools: Tools, job: Job, save: Callable[[Cutout], Awaitable[RunFiles]]) -> Draft | None:
    """None where the engine is switched off, goes first anyway, or finds nothing."""
    model = job.draft_model()
    if model is None:
        return None
    blank = Attempt(number=0, model_id=model.id)
    ending = await call_model(Call(tools.providers[model.spec.kind], model, job.photo, tools.deadline_s, blank))
    if ending.cutout is None:
        return None
    return Draft(await save(ending.cutout), ending.cutout, ending.attempt.facts)
