"""The rules that pass a model over. Each answers with its objection, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain import Fact, LocalEngine, ModelInfo, Objection, ObjectionCode, PolicyFacts, Readiness, SelectionRequest

Rule = Callable[[ModelInfo, SelectionRequest, PolicyFacts], Objection | None]
NOT_READY = Readiness(ready=False, reason="unknown")
PENNY_DUST = 1e-9  # sums of floating point


def inactive(model: ModelInfo, _request: SelectionRequest, _facts: PolicyFacts) -> Objection | None:
    return None if model.is_active else Objection(code=ObjectionCode.INACTIVE)


def not_ready(model: ModelInfo, _request: SelectionRequest, facts: PolicyFacts) -> Objection | None:
    readiness = facts.readiness.get(model.id, NOT_READY)
    if readiness.ready:
        return None
    return Objection(code=ObjectionCode.NOT_READY, facts={"reason": readiness.reason})


def resting(model: ModelInfo, _request: SelectionRequest, facts: PolicyFacts) -> Objection | None:
    rest = facts.resting.get(model.id)
    return Objection(code=ObjectionCode.RESTING, facts=rest.facts) if rest else None


def not_commercial(model: ModelInfo, request: SelectionRequest, _facts: PolicyFacts) -> Objection | None:
    if model.licence.commercial_use or not request.commercial_only:
        return None
    return Objection(code=ObjectionCode.NOT_COMMERCIAL, facts={"licence": model.licence.name})


def not_local(model: ModelInfo, request: SelectionRequest, facts: PolicyFacts) -> Objection | None:
    """Local only means that no connection is opened at all, so weights that are not here yet stay away."""
    if not request.local_only:
        return None
    if not model.is_local:
        return Objection(code=ObjectionCode.NOT_LOCAL)
    fetches = facts.readiness.get(model.id, NOT_READY).fetches
    return Objection(code=ObjectionCode.NOT_LOCAL, facts={"reason": "fetches"}) if fetches else None


def no_books(model: ModelInfo, _request: SelectionRequest, facts: PolicyFacts) -> Objection | None:
    """Nothing is bought that cannot be written down."""
    if facts.trouble is None or model.is_local:
        return None
    return Objection(code=ObjectionCode.NO_BOOKS, facts={"trouble": facts.trouble})


def over_budget(model: ModelInfo, _request: SelectionRequest, facts: PolicyFacts) -> Objection | None:
    return beyond_cap(model, facts, ahead_usd=0.0)


def beyond_cap(model: ModelInfo, facts: PolicyFacts, ahead_usd: float) -> Objection | None:
    """The tightest cap that the model would pass when those ahead of it in the plan cost `ahead_usd` as well."""
    if not facts.budget_left or model.price_usd == 0:
        return None
    cap, whole = min(facts.budget_left.items(), key=lambda item: (item[1], item[0]))
    left = whole - ahead_usd
    if model.price_usd <= left + PENNY_DUST:
        return None
    told: dict[str, Fact] = {"price_usd": model.price_usd, "left_usd": max(left, 0.0), "cap": cap.value}
    return Objection(code=ObjectionCode.OVER_BUDGET, facts={**told, "reason": "ahead"} if ahead_usd else told)


def outside_limits(model: ModelInfo, _request: SelectionRequest, facts: PolicyFacts) -> Objection | None:
    photo, limits = facts.photo, model.spec.limits
    if photo is None:
        return None
    broken = next(
        (
            name
            for name, limit, is_over in (
                ("max_megapixels", limits.max_megapixels, photo.megapixels > (limits.max_megapixels or 0)),
                ("min_side_px", limits.min_side_px, min(photo.width, photo.height) < (limits.min_side_px or 0)),
                ("max_aspect", limits.max_aspect, photo.aspect > (limits.max_aspect or 0)),
            )
            if limit is not None and is_over
        ),
        None,
    )
    if broken is None:
        return None
    return Objection(
        code=ObjectionCode.OUTSIDE_LIMITS,
        facts={"reason": broken, "limit": getattr(limits, broken), "width": photo.width, "height": photo.height},
    )


FIRM_RULES: tuple[Rule, ...] = (
    inactive,
    not_ready,
    resting,
    not_commercial,
    not_local,
    no_books,
    over_budget,
    outside_limits,
)


def firm_objection(model: ModelInfo, request: SelectionRequest, facts: PolicyFacts) -> Objection | None:
    """The first of the rules that hold for a model whatever the others are like."""
    return next((said for rule in FIRM_RULES if (said := rule(model, request, facts))), None)


def marketplace_objection(model: ModelInfo, request: SelectionRequest, usable: Sequence[ModelInfo]) -> Objection | None:
    """A model that does not list the marketplace yields to those that do; when none does, nobody need yield."""
    wanted = request.marketplace
    if wanted is None or model.id == request.model_id or wanted in model.supports_marketplaces:
        return None
    if not any(wanted in other.supports_marketplaces for other in usable):
        return None
    return Objection(code=ObjectionCode.MARKETPLACE_NOT_LISTED, facts={"marketplace": wanted})


def reserve_objection(
    model: ModelInfo, request: SelectionRequest, facts: PolicyFacts, usable: Sequence[ModelInfo]
) -> Objection | None:
    """Local engines stand back while a hosted model can work, unless they were asked for."""
    if not model.is_local or facts.local_engine is LocalEngine.ALWAYS:
        return None
    held = Objection(code=ObjectionCode.HELD_IN_RESERVE, facts={"reason": str(facts.local_engine)})
    if facts.local_engine is LocalEngine.NEVER:
        return held
    chose_local = any(other.is_local and other.id == request.model_id for other in usable)
    hosted_can_work = any(not other.is_local for other in usable)
    return held if hosted_can_work and not chose_local else None
