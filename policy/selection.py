"""Which model, and why: pure functions of their arguments; the same facts always give the same answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain import (
    ModelInfo,
    Objection,
    ObjectionCode,
    PolicyFacts,
    Reason,
    SelectionRequest,
    SelectionResult,
    Statement,
    Verdict,
    VerdictKind,
)
from policy.explain import explain, explain_fallback, fallback_reason, reason_of
from policy.objections import firm_objection
from policy.plan import make_plan

POLICY_VERSION = "1"


class ModelSelectionPolicy:
    """Chooses a model and the order of its fallbacks, and gives every candidate its verdict. Holds no state."""

    version = POLICY_VERSION

    def select_model(
        self, request: SelectionRequest, models: Sequence[ModelInfo], facts: PolicyFacts
    ) -> SelectionResult:
        """The choice among `models`, whatever their order."""
        plan = make_plan(request, models, facts)
        said = explain(request, plan, models)
        return _result(request, plan.models, plan.objections, reason_of(request, plan), said, models)

    def get_fallback_model(
        self,
        failed_model_id: str,
        error_reason: str,
        selection: SelectionResult,
        models: Sequence[ModelInfo],
        facts: PolicyFacts,
    ) -> SelectionResult:
        """One step down the plan of `selection`: the next model that nobody objects to now, or none.

        `error_reason` is an error's code, a `GateReason` or an `ObjectionCode`. The plan only gets shorter, so a
        chain of calls never comes back to a model and always ends.
        """
        by_id = {model.id: model for model in models}
        now = {model.id: firm_objection(model, selection.request, facts) for model in models}
        later = _after(failed_model_id, selection)
        rest = tuple(by_id[model_id] for model_id in later if model_id in by_id and now[model_id] is None)
        objections = _objections_now(selection, later, now)
        said = explain_fallback(failed_model_id, error_reason, rest, by_id)
        reason = fallback_reason(error_reason) if rest else Reason.NONE
        return _result(selection.request, rest, objections, reason, (said,), models)


def _after(model_id: str, selection: SelectionResult) -> tuple[str, ...]:
    plan = selection.plan
    return plan[plan.index(model_id) + 1 :] if model_id in plan else ()


def _objections_now(
    selection: SelectionResult, later: Sequence[str], now: Mapping[str, Objection | None]
) -> dict[str, Objection]:
    """What was said of a model before stays; models of the plan were tried, or something came up since."""
    tried = Objection(code=ObjectionCode.ALREADY_TRIED)
    not_planned = Objection(code=ObjectionCode.HELD_IN_RESERVE, facts={"reason": "not_planned"})
    said = {verdict.model_id: verdict.objection or tried for verdict in selection.candidates}
    came_up = {model_id: now[model_id] for model_id in now if model_id in later or model_id not in said}
    return {**said, **{model_id: objection or not_planned for model_id, objection in came_up.items()}}


def _result(
    request: SelectionRequest,
    plan: Sequence[ModelInfo],
    objections: Mapping[str, Objection],
    reason: Reason,
    explanation: tuple[Statement, ...],
    models: Sequence[ModelInfo],
) -> SelectionResult:
    chain = tuple(model.id for model in plan)
    passed_over = sorted((model for model in models if model.id not in chain), key=lambda m: (-m.priority, m.id))
    verdicts = [
        *(_in_plan(model_id, rank) for rank, model_id in enumerate(chain)),
        *(_passed_over(model.id, objections[model.id]) for model in passed_over),
    ]
    return SelectionResult(
        request=request,
        model_id=chain[0] if chain else None,
        reason=reason,
        explanation=explanation,
        fallback_chain=chain[1:],
        candidates=tuple(verdicts),
        policy_version=POLICY_VERSION,
    )


def _in_plan(model_id: str, rank: int) -> Verdict:
    kind = VerdictKind.IN_RESERVE if rank else VerdictKind.CHOSEN
    return Verdict(model_id=model_id, kind=kind, rank=rank)


def _passed_over(model_id: str, objection: Objection) -> Verdict:
    return Verdict(model_id=model_id, kind=VerdictKind.PASSED_OVER, objection=objection)
