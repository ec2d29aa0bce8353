"""What holds of the policy for all facts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain import (
    Cap,
    Experiment,
    Goal,
    LocalEngine,
    ModelInfo,
    PhotoFacts,
    PolicyFacts,
    Readiness,
    Rest,
    SelectionRequest,
    VerdictKind,
)
from policy import ModelSelectionPolicy, attempt_deadline
from tests.policy.cases import SEEDED

POLICY = ModelSelectionPolicy()
IDS = tuple(model.id for model in SEEDED)
SHARES = st.floats(0, 1)

requests = st.builds(
    SelectionRequest,
    model_id=st.none() | st.sampled_from((*IDS, "unknown-model")),
    marketplace=st.none() | st.sampled_from(("ozon", "etsy", "allegro")),
    goal=st.sampled_from(Goal),
    complexity=st.none() | SHARES,
    local_only=st.booleans(),
    commercial_only=st.booleans(),
)
readiness = st.builds(Readiness, ready=st.booleans(), reason=st.just("no_token"))
rests = st.builds(Rest, until=st.just(datetime(2026, 1, 1, tzinfo=UTC)), failures=st.integers(1, 9))
known = st.builds(
    PolicyFacts,
    readiness=st.dictionaries(st.sampled_from(IDS), readiness),
    resting=st.dictionaries(st.sampled_from(IDS), rests),
    budget_left=st.dictionaries(st.sampled_from(Cap), st.floats(-1, 1)),
    trouble=st.none() | st.just("full"),
    photo=st.none() | st.builds(PhotoFacts, width=st.integers(1, 20000), height=st.integers(1, 20000)),
    local_engine=st.sampled_from(LocalEngine),
    experiment=st.none() | st.builds(Experiment, name=st.just("swap"), share=SHARES, bucket=SHARES),
)


@st.composite
def registries(draw: st.DrawFn) -> list[ModelInfo]:
    """Any of the seeded models, in any order, with other priorities, marketplaces, prices, and some switched off."""
    models = draw(st.lists(st.sampled_from(SEEDED), unique_by=lambda model: model.id))
    return [
        model.model_copy(
            update={
                "is_active": draw(st.booleans()),
                "priority": draw(st.integers(0, 3)),
                "price_usd": draw(st.sampled_from((0.0, 0.01, 0.5))),
                "supports_marketplaces": draw(st.sampled_from(((), ("ozon",), ("ozon", "etsy")))),
            }
        )
        for model in models
    ]


@given(requests, registries(), known)
def test_every_model_gets_exactly_one_verdict(request, models, facts):
    selection = POLICY.select_model(request, models, facts)
    assert Counter(verdict.model_id for verdict in selection.candidates) == Counter(model.id for model in models)


@given(requests, registries(), known)
def test_a_verdict_has_a_rank_or_an_objection_and_never_both(request, models, facts):
    for verdict in POLICY.select_model(request, models, facts).candidates:
        assert (verdict.rank is None) is (verdict.objection is not None)
        assert (verdict.objection is None) is (verdict.kind is not VerdictKind.PASSED_OVER)


@given(requests, registries(), known, st.randoms(use_true_random=False))
def test_the_order_of_the_models_does_not_matter_and_the_same_facts_give_the_same_answer(
    request, models, facts, chance
):
    shuffled = chance.sample(models, len(models))
    assert POLICY.select_model(request, models, facts) == POLICY.select_model(request, shuffled, facts)


@given(requests, registries(), known)
def test_every_model_of_a_plan_is_active_ready_and_not_resting(request, models, facts):
    by_id = {model.id: model for model in models}
    for model_id in POLICY.select_model(request, models, facts).plan:
        assert by_id[model_id].is_active
        assert facts.readiness[model_id].ready
        assert model_id not in facts.resting


@given(requests, registries(), st.lists(known, min_size=1, max_size=8), st.sampled_from(("timed_out", "blurred")))
def test_a_chain_of_fallbacks_never_repeats_a_model_and_always_ends(request, models, changing_facts, why):
    step = POLICY.select_model(request, models, changing_facts[0])
    tried = []
    while step.model_id is not None:
        tried.append(step.model_id)
        now = changing_facts[len(tried) % len(changing_facts)]
        step = POLICY.get_fallback_model(step.model_id, why, step, models, now)
        assert Counter(verdict.model_id for verdict in step.candidates) == Counter(model.id for model in models)
    assert len(tried) == len(set(tried)) <= len(models)


@given(st.floats(0, 2000), st.lists(st.floats(0.1, 60), max_size=5))
def test_an_attempt_gets_at_least_its_even_share_and_never_more_than_what_is_left(left, later):
    share = attempt_deadline(left, later)
    assert left / (len(later) + 1) <= share <= left
