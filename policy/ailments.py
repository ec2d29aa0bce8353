"""What a failure says of the health of its model and of its provider: a table over the error tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from errors import (
    BadOutput,
    ConnectionLost,
    ContentRefused,
    EngineFault,
    Forbidden,
    InvalidInput,
    ModelGone,
    NoTurn,
    OutOfCredit,
    PredictionFailed,
    ProviderError,
    ServerFault,
    Throttled,
    TimedOut,
    Unauthenticated,
    Unsure,
    WeightsFault,
)
from policy.breaker import Rule, Sign

LONG = timedelta(hours=1)
LONGEST_ASKED = timedelta(minutes=15)

MODEL_RULE = Rule()
PROVIDER_RULE = Rule(failures=10, rate=0.8, most_calls=40)


@dataclass(frozen=True, slots=True)
class Ailment:
    """A sign for each of the two breakers; a rest that the failure itself calls for goes before counting."""

    model: Sign = Sign.BAD
    provider: Sign = Sign.NONE
    model_rest: timedelta | None = None
    provider_rest: timedelta | None = None


HEALTHY = Ailment(Sign.GOOD, Sign.GOOD)
UNTOLD = Ailment(Sign.NONE, Sign.NONE)

_ACCOUNT = Ailment(Sign.NONE, Sign.BAD, provider_rest=LONG)

AILMENTS: Mapping[type[ProviderError], Ailment] = {
    Unauthenticated: _ACCOUNT,
    Forbidden: _ACCOUNT,
    OutOfCredit: _ACCOUNT,
    InvalidInput: UNTOLD,  # this photo, or these settings
    NoTurn: UNTOLD,  # our own limit
    ModelGone: Ailment(model_rest=LONG),
    ContentRefused: UNTOLD,  # this photo
    Throttled: Ailment(),
    ServerFault: Ailment(),
    ConnectionLost: Ailment(Sign.BAD, Sign.BAD),
    Unsure: Ailment(),
    TimedOut: Ailment(),
    PredictionFailed: Ailment(),
    BadOutput: Ailment(),
    EngineFault: UNTOLD,  # this photo, or our own cutting
    WeightsFault: Ailment(model_rest=LONG),
}
"""Every leaf, and no branch: a new leaf is decided about and not inherited."""


def ailment_of(error: ProviderError | None, *, local: bool = False) -> Ailment:
    """No error is good health, whatever the gate thinks of the picture.

    A local engine is slow when this machine is busy, which resting does not mend: only its weights rest it.
    """
    if error is None:
        return HEALTHY
    if local and not isinstance(error, WeightsFault):
        return UNTOLD
    if isinstance(error, Throttled) and error.retry_after is not None:
        return Ailment(model_rest=min(timedelta(seconds=max(error.retry_after, 0)), LONGEST_ASKED))
    return AILMENTS.get(type(error), Ailment())
