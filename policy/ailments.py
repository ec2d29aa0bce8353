"""What a failure says of the health of its model and of its provider: a table over the error tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from errors import (
    AccountError,
    ConnectionLost,
    ContentRefused,
    EngineFault,
    InvalidInput,
    ModelGone,
    NoTurn,
    ProviderError,
    Throttled,
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

AILMENTS: Mapping[type[ProviderError], Ailment] = {
    ProviderError: Ailment(),
    AccountError: Ailment(Sign.NONE, Sign.BAD, provider_rest=LONG),
    InvalidInput: UNTOLD,  # this photo, or these settings
    ContentRefused: UNTOLD,  # this photo
    EngineFault: UNTOLD,  # this photo, or our own cutting
    NoTurn: UNTOLD,  # our own limit
    ModelGone: Ailment(model_rest=LONG),
    WeightsFault: Ailment(model_rest=LONG),
    ConnectionLost: Ailment(Sign.BAD, Sign.BAD),
}


def ailment_of(error: ProviderError | None) -> Ailment:
    """The nearest entry up the tree; no error is good health, whatever the gate thinks of the picture."""
    if error is None:
        return HEALTHY
    if isinstance(error, Throttled) and error.retry_after is not None:
        return Ailment(model_rest=min(timedelta(seconds=max(error.retry_after, 0)), LONGEST_ASKED))
    return next(AILMENTS[kind] for kind in type(error).__mro__ if kind in AILMENTS)
