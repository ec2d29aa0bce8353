"""A circuit breaker as a value: what it knows, and what it becomes. Every moment is an argument.

Closed lets everybody through and counts. Open lets nobody through until `until`. From then on it is half-open: one
caller gets a trial, with a lease, so that a caller who dies leaves room for the next one. Each change of state raises
the generation, and a pass of an older generation changes nothing: a late answer tells of a time that is over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

FURTHEST = timedelta(hours=2)


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Sign(StrEnum):
    """What one call says of the model's health."""

    GOOD = "good"
    BAD = "bad"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rule:
    """Opens after `failures` within `window`, when they are at least `rate` of its calls; a slow call is a bad one."""

    failures: int = 5
    rate: float = 0.5
    window: timedelta = timedelta(minutes=5)
    most_calls: int = 20
    slow_s: float | None = None
    rest: timedelta = timedelta(minutes=1)
    growth: float = 2.0
    longest_rest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the breaker counted."""

    at: datetime
    good: bool


@dataclass(frozen=True, slots=True)
class Breaker:
    """`until` is None while it is closed; `failures` opened it, `rests` is how often in a row it has opened."""

    generation: int = 0
    calls: tuple[Call, ...] = ()
    until: datetime | None = None
    failures: int = 0
    rests: int = 0
    trial_until: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to make one call; handed back with what became of it."""

    generation: int
    trial: bool = False


def state(breaker: Breaker, now: datetime) -> State:
    if breaker.until is None:
        return State.CLOSED
    return State.OPEN if _ahead(breaker.until, now) else State.HALF_OPEN


def resting_until(breaker: Breaker, now: datetime) -> datetime | None:
    """Until when nobody gets through; None when somebody would now. A trial that runs keeps the others out."""
    if breaker.until is None:
        return None
    until = max(breaker.until, breaker.trial_until or breaker.until)
    return until if _ahead(until, now) else None


def admit(breaker: Breaker, now: datetime, lease: timedelta) -> tuple[Breaker, Pass | None]:
    """A pass, or None while it rests; the one trial of a half-open breaker ends after `lease` by itself."""
    if breaker.until is None:
        return breaker, Pass(breaker.generation)
    if resting_until(breaker, now):
        return breaker, None
    tried = replace(breaker, generation=breaker.generation + 1, trial_until=now + lease)
    return tried, Pass(tried.generation, trial=True)


def settle(breaker: Breaker, given: Pass, sign: Sign, now: datetime, rule: Rule, reason: str | None = None) -> Breaker:
    """What the breaker is after the call that `given` was for."""
    if given.generation != breaker.generation:
        return breaker
    if given.trial:
        return _after_trial(breaker, sign, now, rule, reason)
    return breaker if sign is Sign.NONE else _counted(breaker, sign, now, rule, reason)


def rest(breaker: Breaker, given: Pass, until: datetime, reason: str | None = None) -> Breaker:
    """Open until a moment that the failure itself calls for, whatever was counted."""
    if given.generation != breaker.generation:
        return breaker
    return _opened(breaker, until, breaker.failures + 1 if breaker.until else 1, reason)


def _ahead(until: datetime, now: datetime) -> bool:
    """Nothing rests longer than `FURTHEST`: a moment beyond it was written before the clock was set back."""
    return now < until <= now + FURTHEST


def heard(sign: Sign, seconds: float, rule: Rule) -> Sign:
    """A good call that took too long is a bad one."""
    slow = rule.slow_s is not None and seconds > rule.slow_s
    return Sign.BAD if sign is Sign.GOOD and slow else sign


def _after_trial(breaker: Breaker, sign: Sign, now: datetime, rule: Rule, reason: str | None) -> Breaker:
    match sign:
        case Sign.GOOD:
            return Breaker(generation=breaker.generation + 1)
        case Sign.BAD:
            return _opened(breaker, now + _rest_of(breaker.rests, rule), breaker.failures + 1, reason)
        case Sign.NONE:
            return replace(breaker, generation=breaker.generation + 1, trial_until=None)


def _counted(breaker: Breaker, sign: Sign, now: datetime, rule: Rule, reason: str | None) -> Breaker:
    recent = tuple(call for call in breaker.calls if now - call.at < rule.window)
    calls = (*recent, Call(now, sign is Sign.GOOD))[-rule.most_calls :]
    failures = sum(not call.good for call in calls)
    if sign is Sign.BAD and failures >= rule.failures and failures >= rule.rate * len(calls):
        return _opened(breaker, now + _rest_of(breaker.rests, rule), failures, reason)
    return replace(breaker, calls=calls)


def _rest_of(rests: int, rule: Rule) -> timedelta:
    """Longer each time it opens without having closed, up to a limit."""
    longest = rule.longest_rest / rule.rest
    return rule.rest * min(rule.growth ** min(rests, 64), longest)


def _opened(breaker: Breaker, until: datetime, failures: int, reason: str | None) -> Breaker:
    return Breaker(
        generation=breaker.generation + 1,
        until=until,
        failures=failures,
        rests=breaker.rests + 1,
        reason=reason,
    )
