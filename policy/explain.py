"""The explanation of a choice as codes and facts; `wording` makes the sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain import GateReason, ModelInfo, ObjectionCode, Reason, SelectionRequest, Statement
from policy.plan import Plan
from policy.ranking import order_of

QUALITY_ERRORS = frozenset(map(str, GateReason))
UNAVAILABLE_ERRORS = frozenset(map(str, ObjectionCode))


def reason_of(request: SelectionRequest, plan: Plan) -> Reason:
    if not plan.models:
        return Reason.NONE
    if plan.models[0].id == request.model_id:
        return Reason.USER_CHOICE
    if request.model_id is not None:
        return Reason.FALLBACK_UNAVAILABLE
    return Reason.EXPERIMENT if plan.experiment else Reason.AUTO_POLICY


def explain(request: SelectionRequest, plan: Plan, models: Sequence[ModelInfo]) -> tuple[Statement, ...]:
    """Why the first model goes first, why the person's choice does not, and which wishes could not be met."""
    return (
        _main_reason(request, plan),
        *_choice_remark(request, plan, models),
        *_marketplace_remark(request, plan),
        *_local_remark(plan, models),
    )


def fallback_reason(error_reason: str) -> Reason:
    if error_reason in QUALITY_ERRORS:
        return Reason.FALLBACK_QUALITY
    return Reason.FALLBACK_UNAVAILABLE if error_reason in UNAVAILABLE_ERRORS else Reason.FALLBACK_ERROR


def explain_fallback(
    failed_model_id: str, error_reason: str, rest: Sequence[ModelInfo], by_id: Mapping[str, ModelInfo]
) -> Statement:
    failed = by_id[failed_model_id].name if failed_model_id in by_id else failed_model_id
    told = {"failed": failed, "error": error_reason}
    if not rest:
        return Statement(code="reason.chain_ended", facts=told)
    return Statement(code=f"step.{fallback_reason(error_reason)}", facts={**told, "model": rest[0].name})


def _main_reason(request: SelectionRequest, plan: Plan) -> Statement:
    reason = reason_of(request, plan)
    if reason is Reason.NONE:
        return Statement(code="reason.none")
    told = {"model": plan.models[0].name, "priority": plan.models[0].priority}
    if reason is Reason.AUTO_POLICY:
        return Statement(code=f"reason.auto_policy.{order_of(request)}", facts=told)
    return Statement(code=f"reason.{reason}", facts=told)


def _choice_remark(request: SelectionRequest, plan: Plan, models: Sequence[ModelInfo]) -> tuple[Statement, ...]:
    wanted = request.model_id
    if wanted is None or (plan.models and plan.models[0].id == wanted):
        return ()
    name = next((model.name for model in models if model.id == wanted), None)
    if name is None:
        return (Statement(code="remark.unknown_choice", facts={"model": wanted}),)
    return (Statement(code="remark.choice_passed_over", facts={"model": name}), _objection_to(wanted, plan))


def _marketplace_remark(request: SelectionRequest, plan: Plan) -> tuple[Statement, ...]:
    wanted = request.marketplace
    if not wanted or not plan.models or wanted in plan.models[0].supports_marketplaces:
        return ()
    return (Statement(code="remark.marketplace_ignored", facts={"marketplace": wanted}),)


def _local_remark(plan: Plan, models: Sequence[ModelInfo]) -> tuple[Statement, ...]:
    """Why no hosted model takes part, when only local ones do: what speaks against the best of them."""
    hosted = [model for model in models if not model.is_local and model.id in plan.objections]
    if not hosted or not plan.models or not all(model.is_local for model in plan.models):
        return ()
    best = min(hosted, key=lambda model: (not model.is_active, -model.priority, model.id))
    objection = plan.objections[best.id]
    reason = objection.facts.get("reason") if objection.code is ObjectionCode.NOT_READY else objection.code
    return (Statement(code="remark.no_hosted_model", facts={"reason": reason}),)


def _objection_to(model_id: str, plan: Plan) -> Statement:
    objection = plan.objections[model_id]
    return Statement(code=f"objection.{objection.code}", facts=objection.facts)
