"""Breakers in the database: shared by threads, by processes, and by runs."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import SEED, Core
from database import Database
from domain import Language, ModelInfo, ObjectionCode, Outcome, RunStatus
from errors import ConnectionLost, ContentRefused, ModelGone, ProviderError, TimedOut, Unauthenticated
from registry import load_seed
from runs import Breakers, Leave
from tests.fakes.behaviours import fail, http
from tests.fakes.replicate_server import V2, ReplicateServer
from tests.runs.rival import contend, trials
from tests.runs.running import run
from wording import say

MODELS = {model.id: model for model in load_seed(SEED)}
V2_MODEL, V1_MODEL = (MODELS[key] for key in ("flux-kontext-lora-v2", "flux-kontext-lora-v1"))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEASE_S = 60.0


class Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breakers(database: Database, clock: Clock) -> Breakers:
    return Breakers(database, clock)


def leave(breakers: Breakers, model: ModelInfo = V2_MODEL) -> Leave:
    given = breakers.admit(model, LEASE_S)
    assert given is not None
    return given


def break_it(breakers: Breakers, error: Callable[[], ProviderError] = TimedOut, times: int = 5) -> None:
    for _ in range(times):
        breakers.settle(leave(breakers), error())


def test_five_failures_rest_the_model_and_no_other(breakers: Breakers):
    break_it(breakers, times=4)
    assert breakers.resting(list(MODELS.values())) == {}
    break_it(breakers, times=1)
    resting = breakers.resting(list(MODELS.values()))
    assert set(resting) == {V2_MODEL.id}
    assert (resting[V2_MODEL.id].failures, resting[V2_MODEL.id].until) == (5, NOON + timedelta(minutes=1))
    assert breakers.admit(V2_MODEL, LEASE_S) is None
    assert leave(breakers, V1_MODEL)


def test_the_only_model_of_a_provider_rests_as_well(breakers: Breakers):
    for _ in range(5):
        breakers.settle(leave(breakers, V1_MODEL), TimedOut())
    assert set(breakers.resting([V1_MODEL])) == {V1_MODEL.id}
    assert breakers.admit(V1_MODEL, LEASE_S) is None


def test_another_process_sees_it_rest(breakers: Breakers, database: Database, clock: Clock):
    break_it(breakers)
    other = Breakers(Database(str(database.engine.url)), clock)
    assert set(other.resting([V2_MODEL])) == {V2_MODEL.id}


def test_an_account_error_rests_every_model_of_the_provider_until_the_next_start(breakers: Breakers):
    break_it(breakers, Unauthenticated, times=1)
    assert set(breakers.resting(list(MODELS.values()))) == {V2_MODEL.id, V1_MODEL.id, "birefnet"}
    breakers.forgive_account()
    assert breakers.resting(list(MODELS.values())) == {}


def test_a_start_forgives_nothing_but_the_account(breakers: Breakers):
    break_it(breakers, ModelGone, times=1)
    breakers.forgive_account()
    assert breakers.resting([V2_MODEL])[V2_MODEL.id].until == NOON + HOUR


def test_a_provider_that_cannot_be_reached_rests_with_all_its_models(breakers: Breakers):
    for model in (V2_MODEL, V1_MODEL) * 5:
        given = breakers.admit(model, LEASE_S)
        if given:
            breakers.settle(given, ConnectionLost())
    assert set(breakers.resting([V2_MODEL, V1_MODEL, MODELS["birefnet"]])) == {
        V2_MODEL.id,
        V1_MODEL.id,
        "birefnet",
    }


def test_a_good_trial_closes_the_breaker_and_a_bad_one_rests_the_model_again(breakers: Breakers, clock: Clock):
    break_it(breakers)
    clock.now += timedelta(minutes=1)
    breakers.settle(leave(breakers), TimedOut())
    assert breakers.resting([V2_MODEL])[V2_MODEL.id].until == clock.now + timedelta(minutes=2)
    clock.now += timedelta(minutes=2)
    breakers.settle(leave(breakers), None)
    assert breakers.resting([V2_MODEL]) == {}
    assert not leave(breakers).trial


def test_while_a_trial_runs_the_others_see_the_model_resting_and_a_dead_trial_ends_with_its_lease(
    breakers: Breakers, clock: Clock
):
    break_it(breakers)
    clock.now += timedelta(minutes=1)
    dead = leave(breakers)
    assert set(breakers.resting([V2_MODEL])) == {V2_MODEL.id}
    clock.now += timedelta(seconds=LEASE_S)
    assert leave(breakers).trial
    breakers.settle(dead, None)
    assert set(breakers.resting([V2_MODEL])) == {V2_MODEL.id}


def test_a_trial_given_back_is_there_for_the_next(breakers: Breakers, clock: Clock):
    break_it(breakers)
    clock.now += timedelta(minutes=1)
    breakers.give_back(leave(breakers))
    assert leave(breakers).trial


def test_of_fifty_threads_exactly_one_gets_the_trial(breakers: Breakers, clock: Clock):
    break_it(breakers)
    clock.now += timedelta(minutes=1)
    with ThreadPoolExecutor(50) as pool:
        given = list(pool.map(lambda _: breakers.admit(V2_MODEL, LEASE_S), range(50)))
    assert [one.trial for one in given if one] == [True]


def test_of_two_processes_exactly_one_gets_the_trial(breakers: Breakers, database: Database):
    break_it(breakers)
    spawn, now = multiprocessing.get_context("spawn"), NOON + timedelta(minutes=1)
    gate, found = spawn.Barrier(2), spawn.Queue()
    other = spawn.Process(target=contend, args=(str(database.engine.url), V2_MODEL, now, gate, found))
    other.start()
    gate.wait()
    mine = trials(database, V2_MODEL, now)
    assert sorted((mine, found.get(timeout=60))) == [0, 1]
    other.join()


def test_breakers_that_cannot_be_read_hold_nobody_back(tmp_path: Path, clock: Clock):
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    breakers = Breakers(empty, clock)
    breakers.settle(leave(breakers), TimedOut())
    empty.close()


def v2_died(core: Core, ago: timedelta = timedelta()) -> None:
    """Five failures, so long ago."""
    break_it(Breakers(core.database, lambda: datetime.now(UTC) - ago))


LONG_AGO = timedelta(minutes=2)  # so that the rest is over


def test_with_v2_dead_a_run_loses_no_time_on_it_and_says_until_when_it_rests(hosted_core: Core):
    v2_died(hosted_core)
    result = run(hosted_core.service)
    assert [attempt.model_id for attempt in result.attempts] == ["flux-kontext-lora-v1"]
    said = {one.model_id: one for one in hosted_core.service.report(result).candidates}["flux-kontext-lora-v2"]
    assert said.objection is ObjectionCode.RESTING
    assert "after 5 failures" in said.explanation


def test_the_card_says_that_the_model_rests_in_both_languages(hosted_core: Core):
    v2_died(hosted_core)
    told = next(state for state in hosted_core.service.model_states() if state.model.id == "flux-kontext-lora-v2")
    assert not told.available
    assert say(told.statement.code, told.statement.facts).endswith("UTC after 5 failures")
    assert say(told.statement.code, told.statement.facts, Language.RU).endswith("после сбоев: 5")


def test_a_model_chosen_while_another_run_takes_its_trial_is_stepped_over_without_an_attempt(
    hosted_core: Core, monkeypatch: pytest.MonkeyPatch
):
    """The trial goes away between the choice and the call."""
    v2_died(hosted_core, LONG_AGO)
    rival = hosted_core.tools.breakers
    taken: list[Leave | None] = []
    select = hosted_core.tools.policy.select_model

    def select_then_lose(*arguments):
        chosen = select(*arguments)
        taken.append(rival.admit(V2_MODEL, 3600))
        return chosen

    monkeypatch.setattr(hosted_core.tools.policy, "select_model", select_then_lose)
    result = run(hosted_core.service)
    assert taken[0] is not None
    assert result.selection.model_id == "flux-kontext-lora-v2"
    assert [(one.model_id, one.outcome) for one in result.attempts] == [("flux-kontext-lora-v1", Outcome.SUCCEEDED)]
    assert "cannot be used any more" in hosted_core.service.report(result).explanation


def test_a_run_that_is_the_trial_brings_the_model_back(hosted_core: Core):
    v2_died(hosted_core, LONG_AGO)
    assert run(hosted_core.service).model_id == "flux-kontext-lora-v2"
    assert hosted_core.tools.breakers.resting([V2_MODEL]) == {}


def test_refusals_for_content_never_rest_a_model(breakers: Breakers):
    break_it(breakers, ContentRefused, times=9)
    assert breakers.resting([V2_MODEL]) == {}


def test_five_failed_runs_rest_the_model(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, fail())
    break_it(hosted_core.tools.breakers, times=4)
    run(hosted_core.service)
    assert set(hosted_core.tools.breakers.resting([V2_MODEL])) == {V2_MODEL.id}


def test_a_model_that_is_gone_rests_and_its_neighbour_works(hosted_core: Core, replicate: ReplicateServer):
    replicate.always(V2, http(404))
    result = run(hosted_core.service)
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "flux-kontext-lora-v1")
    assert set(hosted_core.tools.breakers.resting([V2_MODEL, V1_MODEL])) == {V2_MODEL.id}
