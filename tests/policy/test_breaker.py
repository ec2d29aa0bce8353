"""The circuit breaker as a value: rule by rule, and whatever happens in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from errors import (
    BadOutput,
    ConnectionLost,
    ContentRefused,
    EngineFault,
    Forbidden,
    InvalidInput,
    ModelGone,
    OutOfCredit,
    PredictionFailed,
    ProviderError,
    ServerFault,
    Throttled,
    TimedOut,
    Unauthenticated,
    WeightsFault,
)
from policy.ailments import AILMENTS, LONG, LONGEST_ASKED, UNTOLD, ailment_of
from policy.breaker import Breaker, Pass, Rule, Sign, State, admit, heard, rest, resting_until, settle, state

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULE = Rule(failures=3, rate=0.5, window=timedelta(minutes=5), rest=timedelta(minutes=1))
LEASE = timedelta(seconds=30)


FRESH = Breaker()


def after(*signs: Sign, breaker: Breaker = FRESH, now: datetime = NOON) -> Breaker:
    for sign in signs:
        breaker = settle(breaker, Pass(breaker.generation), sign, now, RULE, "timed_out")
    return breaker


OPEN = after(*[Sign.BAD] * 3)
LATER = NOON + timedelta(minutes=1)


def test_it_opens_at_the_failures_of_the_rule_and_says_how_many_and_why():
    assert state(after(Sign.BAD, Sign.BAD), NOON) is State.CLOSED
    assert state(OPEN, NOON) is State.OPEN
    assert (OPEN.failures, OPEN.reason, OPEN.until) == (3, "timed_out", LATER)


def test_failures_that_are_rare_among_good_calls_do_not_open_it():
    mostly_good = after(*[Sign.GOOD] * 4, Sign.BAD, Sign.BAD, Sign.BAD)
    assert state(mostly_good, NOON) is State.CLOSED
    assert state(after(Sign.BAD, breaker=mostly_good), NOON) is State.OPEN


def test_failures_that_left_the_window_are_forgotten():
    before = after(Sign.BAD, Sign.BAD)
    assert state(after(Sign.BAD, breaker=before, now=NOON + RULE.window), NOON + RULE.window) is State.CLOSED


def test_an_open_breaker_lets_nobody_through_and_a_half_open_one_lets_through_one():
    assert admit(OPEN, NOON, LEASE) == (OPEN, None)
    tried, first = admit(OPEN, LATER, LEASE)
    assert first is not None
    assert first.trial
    assert admit(tried, LATER, LEASE)[1] is None
    assert resting_until(tried, LATER) == LATER + LEASE


def test_a_good_trial_closes_it_and_a_bad_one_rests_it_twice_as_long():
    tried, trial = admit(OPEN, LATER, LEASE)
    assert state(settle(tried, trial, Sign.GOOD, LATER, RULE), LATER) is State.CLOSED
    again = settle(tried, trial, Sign.BAD, LATER, RULE)
    assert again.until == LATER + 2 * RULE.rest
    assert again.failures == 4


def test_rests_grow_up_to_the_longest():
    breaker, now = OPEN, NOON
    for _ in range(12):
        now = breaker.until or now
        breaker, trial = admit(breaker, now, LEASE)
        breaker = settle(breaker, trial, Sign.BAD, now, RULE)
    assert breaker.until - now == RULE.longest_rest


def test_a_trial_that_says_nothing_leaves_room_for_the_next_at_once():
    tried, trial = admit(OPEN, LATER, LEASE)
    assert admit(settle(tried, trial, Sign.NONE, LATER, RULE), LATER, LEASE)[1] is not None


def test_a_trial_whose_holder_died_is_given_to_another_after_its_lease_and_its_late_answer_changes_nothing():
    tried, dead = admit(OPEN, LATER, LEASE)
    retried, alive = admit(tried, LATER + LEASE, LEASE)
    assert alive is not None
    assert settle(retried, dead, Sign.GOOD, LATER + LEASE, RULE) == retried


def test_a_late_answer_of_a_call_from_before_it_opened_changes_nothing():
    assert settle(OPEN, Pass(0), Sign.GOOD, LATER, RULE) == OPEN
    assert rest(OPEN, Pass(0), LATER + timedelta(days=9)) == OPEN


def test_a_slow_call_counts_as_a_bad_one_only_where_the_rule_says_so():
    assert heard(Sign.GOOD, 61, replace(RULE, slow_s=60)) is Sign.BAD
    assert heard(Sign.GOOD, 59, replace(RULE, slow_s=60)) is Sign.GOOD
    assert heard(Sign.GOOD, 1e9, RULE) is Sign.GOOD
    assert heard(Sign.NONE, 61, replace(RULE, slow_s=60)) is Sign.NONE


@pytest.mark.parametrize("error", [ContentRefused(), InvalidInput()])
def test_what_is_the_photos_fault_says_nothing_of_the_model(error: ProviderError):
    assert ailment_of(error) == UNTOLD


@pytest.mark.parametrize("error", [TimedOut(), PredictionFailed(), BadOutput(), ServerFault(), Throttled()])
def test_what_may_be_the_models_fault_counts_against_it_and_not_against_its_provider(error: ProviderError):
    told = ailment_of(error)
    assert (told.model, told.provider, told.model_rest) == (Sign.BAD, Sign.NONE, None)


def test_a_lost_connection_counts_against_both():
    told = ailment_of(ConnectionLost())
    assert (told.model, told.provider) == (Sign.BAD, Sign.BAD)


@pytest.mark.parametrize("error", [Unauthenticated(), Forbidden(), OutOfCredit()])
def test_an_account_error_rests_the_provider(error: ProviderError):
    assert ailment_of(error).provider_rest == LONG


@pytest.mark.parametrize("error", [ModelGone(), WeightsFault()])
def test_a_model_that_is_gone_rests_for_an_hour_and_its_provider_does_not(error: ProviderError):
    assert (ailment_of(error).model_rest, ailment_of(error).provider_rest) == (LONG, None)


def test_a_throttled_model_rests_as_long_as_was_asked_but_not_for_ever():
    assert ailment_of(Throttled(retry_after=7)).model_rest == timedelta(seconds=7)
    assert ailment_of(Throttled(retry_after=10**6)).model_rest == LONGEST_ASKED


def test_every_leaf_of_the_providers_tree_has_an_entry_of_its_own_and_no_branch_has():
    assert set(AILMENTS) == set(leaves(ProviderError))


def leaves(kind: type[ProviderError]) -> list[type[ProviderError]]:
    below = kind.__subclasses__()
    return [leaf for one in below for leaf in leaves(one)] if below else [kind]


@pytest.mark.parametrize("error", [TimedOut(), EngineFault(), BadOutput()])
def test_a_local_engine_never_rests_for_being_slow_or_for_a_photo(error: ProviderError):
    assert ailment_of(error, local=True) == UNTOLD


def test_a_local_engine_rests_when_its_weights_cannot_be_had():
    assert ailment_of(WeightsFault(), local=True).model_rest == LONG


def test_a_clock_that_is_set_back_keeps_nothing_resting_for_ever():
    opened = rest(Breaker(), Pass(0), LATER + timedelta(hours=1))
    years_before = LATER - timedelta(days=700)
    assert resting_until(opened, years_before) is None
    assert admit(opened, years_before, LEASE)[1] is not None


class AnyOrder(RuleBasedStateMachine):
    """Calls begin, end in any order or never, and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.breaker = NOON, Breaker()
        self.under_way: list[tuple[Pass, datetime]] = []

    @rule()
    def begin(self) -> None:
        was = resting_until(self.breaker, self.now)
        self.breaker, given = admit(self.breaker, self.now, LEASE)
        assert (given is None) == (was is not None)
        if given:
            assert not (given.trial and self.live_trials()), "two trials at once"
            self.under_way.append((given, self.now))

    @rule(sign=st.sampled_from(Sign), data=st.data())
    def end(self, sign: Sign, data: st.DataObject) -> None:
        if self.under_way:
            given, _ = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
            before = self.breaker
            self.breaker = settle(before, given, sign, self.now, RULE)
            assert given.generation == before.generation or self.breaker == before

    @rule(seconds=st.integers(0, 3600), data=st.data())
    def forced_rest(self, seconds: int, data: st.DataObject) -> None:
        if self.under_way:
            given, _ = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
            self.breaker = rest(self.breaker, given, self.now + timedelta(seconds=seconds))

    @rule(seconds=st.integers(0, 120))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def live_trials(self) -> list[Pass]:
        """Trials that can still change something and whose lease has not ended."""
        return [
            given
            for given, at in self.under_way
            if given.trial and given.generation == self.breaker.generation and self.now < at + LEASE
        ]

    @invariant()
    def it_is_never_stuck_open(self) -> None:
        until = resting_until(self.breaker, self.now)
        if until is not None:
            assert until - self.now <= max(RULE.longest_rest, LEASE)
            assert admit(self.breaker, until, LEASE)[1] is not None

    @invariant()
    def at_most_one_trial_counts(self) -> None:
        assert len(self.live_trials()) <= 1


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
