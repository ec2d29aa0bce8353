"""One attempt: one model called, its picture made into a cutout and judged. Whatever happens is a value."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from traceback import clear_frames

import structlog

import heavy
from domain import Attempt, Cutout, Evidence, Fact, GateReason, ModelInfo, Outcome, Photo, ProviderOutput, Statement
from errors import EngineFault, ProviderError, TimedOut, Unsure
from imaging import Cut, Geometry, cut_out, evidence, prepare, sights
from policy import judge, judge_contour, remarks, still_to_say, weakness
from providers import NO_TRAIL, Fate, Listener, Provider, Trail

log = structlog.get_logger("cutout_router")

OUTCOMES = {TimedOut: Outcome.TIMED_OUT, Unsure: Outcome.UNSURE}
FREE_ENDS = frozenset({"failed", "aborted"})
FORGIVEN = frozenset({GateReason.DOUBTFUL, GateReason.BLURRED})
"""What a local engine's cutout may be: it is better than none, and called weak."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended; a cutout only when it succeeded, an error only when a provider raised it."""

    attempt: Attempt
    cutout: Cutout | None = None
    error: ProviderError | None = None


async def no_reference() -> Cutout | None:
    """There is no other cutout to compare with."""
    return None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one model. `reference` gives another cutout of the photo, for the gate to compare with."""

    provider: Provider
    model: ModelInfo
    photo: Photo
    deadline_s: float
    attempt: Attempt
    listen: Listener = lambda _: None
    reference: Callable[[], Awaitable[Cutout | None]] = no_reference
    trail: Trail = NO_TRAIL


async def call_model(call: Call) -> Ending:
    """Everything between the start of an attempt and its end; seconds and prediction id are the caller's to add."""
    try:
        clock = asyncio.get_running_loop().time
        ends = clock() + call.deadline_s
        prepared = await heavy.do(prepare, call.photo, call.model.spec)
        left_s = max(ends - clock(), 0.0)
        output = await call.provider.run(prepared.photo, call.model, left_s, call.listen, call.trail)
        cut = await heavy.do(_cut, call.photo, output, prepared.geometry)
        seen = await heavy.do(evidence, call.photo, cut.cutout, await call.reference())
    except ProviderError as error:
        _forget_frames(error)
        return Ending(_failed(call.attempt, error), error=error)
    cost = call.model.price_usd if output.cost_usd is None else output.cost_usd
    refusal = judge(cut.measures, cut.likeness) or judge_contour(seen)
    if refusal and not (call.model.is_local and refusal.code in FORGIVEN):
        return Ending(_refused(call.attempt, refusal, cost))
    told = await heavy.do(_remarks, call, seen, cut.cutout)
    delivered = {"outcome": Outcome.SUCCEEDED, "cost_usd": cost, "facts": told}
    return Ending(call.attempt.model_copy(update=delivered), cut.cutout)


def _remarks(call: Call, seen: Evidence, cutout: Cutout) -> dict[str, Fact]:
    """A local engine's doubtful cutout is better than none: it is delivered, and called weak. So is a photo that no
    engine could do much with. The facts are those that the sentences name; several remarks stand in one fact.
    """
    viewed = sights(call.photo, cutout)
    told = remarks(seen.contour, viewed)
    weak = still_to_say(weakness(seen) if call.model.is_local else None, told)
    size: dict[str, Fact] = {"remark": " ".join(told), "width": viewed.width, "height": viewed.height}
    return {**(size if told else {}), **({"weak": weak} if weak else {})}


def charged(ending: Ending, model: ModelInfo, prediction_id: str | None, fate: Fate | None = None) -> float:
    """US dollars: what was delivered counts; what the provider says it failed or aborted does not; the rest that was
    bought, or may have been, might, so it does. `fate` is what the provider said when the call broke off.

    A canceled prediction is charged, an aborted one is not (https://replicate.com/docs/topics/predictions/lifecycle).
    """
    if ending.attempt.cost_usd is not None:
        return ending.attempt.cost_usd
    free = fate is Fate.FREE or (ending.error is not None and ending.error.facts.get("status") in FREE_ENDS)
    bought = prediction_id is not None or fate is Fate.UNSURE or isinstance(ending.error, Unsure)
    return model.price_usd if bought and not free else 0.0


def _cut(photo: Photo, output: ProviderOutput, geometry: Geometry) -> Cut:
    try:
        return cut_out(photo, output, geometry)
    except Exception as error:
        raise EngineFault(f"cutting out failed: {type(error).__name__}") from error


def _forget_frames(error: BaseException) -> None:
    """What was in the variables of whoever raised it, the photo among them: some go in a circle back to the error.

    All of them have ended: an error is raised in one run, and not kept for another.
    """
    told: list[BaseException] = [error]
    for one in told:
        clear_frames(one.__traceback__)
        told += [why for why in (one.__cause__, one.__context__) if why and why not in told]


def _failed(attempt: Attempt, error: ProviderError) -> Attempt:
    outcome = OUTCOMES.get(type(error), Outcome.FAILED)
    return attempt.model_copy(update={"outcome": outcome, "error": error.code, "facts": dict(error.facts)})


def _refused(attempt: Attempt, refusal: Statement, cost: float) -> Attempt:
    told = {"outcome": Outcome.REFUSED, "error": refusal.code, "facts": dict(refusal.facts), "cost_usd": cost}
    return attempt.model_copy(update=told)


def log_fault(run_id: str, model_id: str, error: ProviderError) -> None:
    """What the owner needs to mend it: a provider's own words, or where an engine broke."""
    trace = error if isinstance(error, EngineFault) else None
    log.warning("run.attempt_fault", run_id=run_id, model_id=model_id, detail=str(error), exc_info=trace)
