"""The plan: objections first, then the order of the models that are left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain import ModelInfo, Objection, ObjectionCode, PolicyFacts, SelectionRequest
from policy.objections import beyond_cap, firm_objection, marketplace_objection, reserve_objection
from policy.ranking import order_of, rank_key


@dataclass(frozen=True, slots=True)
class Plan:
    """The models in order, an objection for every other one, and whether an experiment swapped the first two."""

    models: tuple[ModelInfo, ...]
    objections: Mapping[str, Objection]
    experiment: bool = False


def make_plan(request: SelectionRequest, models: Sequence[ModelInfo], facts: PolicyFacts) -> Plan:
    objections: dict[str, Objection] = {}
    usable = _keep(models, objections, lambda model: firm_objection(model, request, facts))
    listed = _keep(usable, objections, lambda model: marketplace_objection(model, request, usable))
    eligible = _keep(listed, objections, lambda model: reserve_objection(model, request, facts, listed))
    order = order_of(request)
    ranked = sorted(eligible, key=lambda model: rank_key(order, model))
    if any(model.id == request.model_id for model in ranked):
        return _paid_for(_from_choice(request, ranked, objections), facts)
    swapped = request.model_id is None and _experiment_applies(facts, ranked)
    if swapped:
        ranked[:2] = reversed(ranked[:2])
    return _paid_for(Plan(tuple(ranked), objections, swapped), facts)


def _paid_for(plan: Plan, facts: PolicyFacts) -> Plan:
    """Shortened, so that every cap holds even when each model of the plan is paid for."""
    kept: list[ModelInfo] = []
    objections = dict(plan.objections)
    for model in plan.models:
        objection = beyond_cap(model, facts, sum(one.price_usd for one in kept))
        if objection is None:
            kept.append(model)
        else:
            objections[model.id] = objection
    return Plan(tuple(kept), objections, plan.experiment)


def _keep(
    models: Iterable[ModelInfo], objections: dict[str, Objection], rule: Callable[[ModelInfo], Objection | None]
) -> list[ModelInfo]:
    """The models that `rule` lets pass; what it says of the others is added to `objections`."""
    kept = []
    for model in models:
        objection = rule(model)
        if objection is None:
            kept.append(model)
        else:
            objections[model.id] = objection
    return kept


def _from_choice(request: SelectionRequest, ranked: Sequence[ModelInfo], objections: Mapping[str, Objection]) -> Plan:
    """The chosen model and those ranked under it; those above it are passed over."""
    start = next(place for place, model in enumerate(ranked) if model.id == request.model_id)
    above = {model.id: Objection(code=ObjectionCode.RANKED_ABOVE_CHOICE) for model in ranked[:start]}
    return Plan(tuple(ranked[start:]), {**objections, **above})


def _experiment_applies(facts: PolicyFacts, ranked: Sequence[ModelInfo]) -> bool:
    experiment = facts.experiment
    return experiment is not None and len(ranked) > 1 and experiment.bucket < experiment.share
