"""The policy, rule by rule."""

from __future__ import annotations

import pytest

from domain import (
    Cap,
    Experiment,
    Goal,
    LocalEngine,
    ObjectionCode,
    PhotoFacts,
    PolicyFacts,
    Readiness,
    Reason,
    SelectionRequest,
    VerdictKind,
)
from policy import ModelSelectionPolicy
from tests.policy.cases import (
    BIREFNET,
    EMBEDDED,
    HOSTED,
    LITE,
    NO_WISHES,
    REST,
    SEEDED,
    V1,
    V2,
    changed,
    facts,
    ready,
)

POLICY = ModelSelectionPolicy()
ALL_READY = PolicyFacts(readiness=ready(*(model.id for model in SEEDED)))


def select(request=NO_WISHES, known=None, models=SEEDED):
    return POLICY.select_model(request, models, known or facts())


def objection(selection, model_id):
    said = next(verdict for verdict in selection.candidates if verdict.model_id == model_id).objection
    return said and said.code


def codes(selection):
    return [statement.code for statement in selection.explanation]


def test_with_a_token_and_no_wishes_the_plan_is_v2_then_v1_then_birefnet():
    assert select().plan == HOSTED
    assert select().reason is Reason.AUTO_POLICY


@pytest.mark.parametrize(
    ("request_", "known", "models", "code"),
    [
        (NO_WISHES, facts(), changed(V2, is_active=False), ObjectionCode.INACTIVE),
        (NO_WISHES, facts(V1, BIREFNET), SEEDED, ObjectionCode.NOT_READY),
        (NO_WISHES, facts(resting={V2: REST}), SEEDED, ObjectionCode.RESTING),
        (SelectionRequest(commercial_only=True), facts(), SEEDED, ObjectionCode.NOT_COMMERCIAL),
        (SelectionRequest(local_only=True), facts(), SEEDED, ObjectionCode.NOT_LOCAL),
        (NO_WISHES, facts(budget_left={Cap.DAY: 0.01}), SEEDED, ObjectionCode.OVER_BUDGET),
        (NO_WISHES, facts(photo=PhotoFacts(width=5000, height=500)), SEEDED, ObjectionCode.OUTSIDE_LIMITS),
        (
            SelectionRequest(marketplace="etsy"),
            facts(),
            changed(V2, supports_marketplaces=("ozon",)),
            ObjectionCode.MARKETPLACE_NOT_LISTED,
        ),
        (SelectionRequest(model_id=V1), facts(), SEEDED, ObjectionCode.RANKED_ABOVE_CHOICE),
    ],
)
def test_each_rule_passes_v2_over_with_its_own_objection(request_, known, models, code):
    selection = select(request_, known, models)
    assert objection(selection, V2) is code
    assert V2 not in selection.plan


def test_the_first_rule_in_order_gives_the_objection():
    models = changed(V2, is_active=False)
    selection = select(SelectionRequest(local_only=True), facts(V1, resting={V2: REST}), models)
    assert objection(selection, V2) is ObjectionCode.INACTIVE


def test_a_model_without_a_readiness_entry_is_not_ready():
    selection = select(known=PolicyFacts(readiness=ready(V1)))
    assert selection.plan == (V1,)
    assert objection(selection, V2) is ObjectionCode.NOT_READY


def test_a_marketplace_that_no_usable_model_lists_is_ignored_with_a_remark():
    selection = select(SelectionRequest(marketplace="allegro"))
    assert selection.plan == HOSTED
    assert "remark.marketplace_ignored" in codes(selection)


def test_local_engines_are_held_in_reserve_while_a_hosted_model_can_work():
    assert objection(select(known=ALL_READY), EMBEDDED) is ObjectionCode.HELD_IN_RESERVE


@pytest.mark.parametrize(
    ("request_", "known"),
    [
        (NO_WISHES, facts(EMBEDDED)),
        (NO_WISHES, facts(resting=dict.fromkeys(HOSTED, REST))),
        (SelectionRequest(local_only=True), facts()),
    ],
)
def test_when_no_hosted_model_can_work_the_embedded_engine_does_and_the_reason_is_told(request_, known):
    selection = select(request_, known)
    assert selection.plan == (EMBEDDED,)
    assert "remark.no_hosted_model" in codes(selection)


def test_local_engine_always_puts_local_engines_behind_the_hosted_ones():
    always = ALL_READY.model_copy(update={"local_engine": LocalEngine.ALWAYS})
    assert select(known=always).plan == (*HOSTED, LITE, EMBEDDED)


def test_local_engine_never_leaves_nothing_when_no_hosted_model_is_ready():
    selection = select(known=facts(EMBEDDED, local_engine=LocalEngine.NEVER))
    assert (selection.model_id, selection.reason) == (None, Reason.NONE)


def test_a_choice_goes_first_and_only_models_ranked_under_it_follow():
    selection = select(SelectionRequest(model_id=V1))
    assert selection.plan == (V1, BIREFNET)
    assert selection.reason is Reason.USER_CHOICE


def test_a_chosen_local_engine_takes_part_although_hosted_models_are_ready():
    assert select(SelectionRequest(model_id=LITE), ALL_READY).plan == (LITE, EMBEDDED)


def test_a_chosen_model_need_not_list_the_marketplace():
    models = changed(V2, supports_marketplaces=("ozon",))
    selection = select(SelectionRequest(model_id=V2, marketplace="etsy"), models=models)
    assert selection.model_id == V2
    assert "remark.marketplace_ignored" in codes(selection)


def test_when_the_choice_cannot_be_used_auto_takes_over_and_says_so():
    selection = select(SelectionRequest(model_id=V2), facts(V1, BIREFNET))
    assert selection.plan == (V1, BIREFNET)
    assert selection.reason is Reason.FALLBACK_UNAVAILABLE
    assert codes(selection)[:3] == ["reason.fallback_unavailable", "remark.choice_passed_over", "objection.not_ready"]


def test_an_unknown_choice_is_named_and_auto_takes_over():
    selection = select(SelectionRequest(model_id="no-such-model"))
    assert selection.plan == HOSTED
    assert "remark.unknown_choice" in codes(selection)


@pytest.mark.parametrize(
    ("request_", "first"),
    [
        (SelectionRequest(goal=Goal.FAST), BIREFNET),
        (SelectionRequest(goal=Goal.QUALITY), V2),
        (SelectionRequest(complexity=0.9), V2),
        (SelectionRequest(complexity=0.7), V2),
        (SelectionRequest(complexity=0.1), BIREFNET),
        (SelectionRequest(goal=Goal.QUALITY, complexity=0.1), V2),
    ],
)
def test_goal_comes_before_complexity_and_both_before_priority(request_, first):
    models = changed(V1, priority=3)
    assert select(request_, models=models).model_id == first


def test_quality_prefers_the_enhanced_model_over_the_one_with_the_higher_priority():
    models = changed(V1, priority=99)
    assert select(models=models).model_id == V1
    assert select(SelectionRequest(goal=Goal.QUALITY), models=models).model_id == V2


def test_fast_prefers_fewer_steps_and_then_the_shorter_typical_time():
    assert select(SelectionRequest(goal=Goal.FAST)).plan == (BIREFNET, V1, V2)


def test_ties_are_broken_by_id():
    models = changed(V1, priority=20)
    assert select(models=models).plan[:2] == (V1, V2)


def test_an_experiment_swaps_the_first_two_for_its_share_of_visitors_and_says_so():
    inside = facts(experiment=Experiment(name="v1-first", share=0.5, bucket=0.2))
    outside = facts(experiment=Experiment(name="v1-first", share=0.5, bucket=0.5))
    assert select(known=inside).plan == (V1, V2, BIREFNET)
    assert select(known=inside).reason is Reason.EXPERIMENT
    assert select(known=outside).plan == HOSTED


def test_an_experiment_leaves_a_choice_alone():
    known = facts(experiment=Experiment(name="v1-first", share=1, bucket=0))
    assert select(SelectionRequest(model_id=V2), known).plan == HOSTED


def test_verdicts_come_in_the_order_of_the_plan_and_then_by_priority():
    selection = select()
    assert [verdict.model_id for verdict in selection.candidates] == [V2, V1, BIREFNET, LITE, EMBEDDED]
    assert [verdict.kind for verdict in selection.candidates] == [
        VerdictKind.CHOSEN,
        VerdictKind.IN_RESERVE,
        VerdictKind.IN_RESERVE,
        VerdictKind.PASSED_OVER,
        VerdictKind.PASSED_OVER,
    ]


def test_the_fallbacks_answer_the_plan_one_step_at_a_time():
    first = select()
    second = POLICY.get_fallback_model(V2, "timed_out", first, SEEDED, facts())
    third = POLICY.get_fallback_model(V1, "timed_out", second, SEEDED, facts())
    end = POLICY.get_fallback_model(BIREFNET, "timed_out", third, SEEDED, facts())
    assert [step.model_id for step in (second, third, end)] == [V1, BIREFNET, None]
    assert [step.reason for step in (second, third, end)] == [
        Reason.FALLBACK_ERROR,
        Reason.FALLBACK_ERROR,
        Reason.NONE,
    ]


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("server_fault", Reason.FALLBACK_ERROR),
        ("empty_cutout", Reason.FALLBACK_QUALITY),
        ("resting", Reason.FALLBACK_UNAVAILABLE),
    ],
)
def test_the_reason_of_a_fallback_follows_from_what_went_wrong(why, reason):
    assert POLICY.get_fallback_model(V2, why, select(), SEEDED, facts()).reason is reason


def test_a_fallback_skips_models_that_rest_since_the_plan_was_made():
    rested = facts(resting={V1: REST})
    step = POLICY.get_fallback_model(V2, "timed_out", select(), SEEDED, rested)
    assert step.model_id == BIREFNET
    assert objection(step, V1) is ObjectionCode.RESTING
    assert objection(step, V2) is ObjectionCode.ALREADY_TRIED


def test_a_model_outside_the_plan_has_no_fallback():
    assert POLICY.get_fallback_model("no-such-model", "timed_out", select(), SEEDED, facts()).model_id is None


def test_facts_can_be_written_down_and_replayed():
    known = facts(resting={V1: REST}, budget_left={Cap.DAY: 1.5}, photo=PhotoFacts(width=10, height=20))
    again = PolicyFacts.model_validate_json(known.model_dump_json())
    assert select(known=again) == select(known=known)
    assert isinstance(again.readiness[V2], Readiness)
