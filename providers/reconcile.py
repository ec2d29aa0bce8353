"""Purchases; one with an unclear answer is looked up by its token among the account's predictions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import repeat
from typing import Any, TypeAlias

from replicate.prediction import Prediction

from domain import Fact
from errors import ProviderError, Unsure
from providers.mark import carries
from providers.replicate_client import CREATE_S, ReplicateApi
from providers.retries import up_to_three_times

PAUSES_S = (0.0, 1.0, 3.0)
"""Before each look: a purchase that is under way may take a moment to be listed."""
LATER_PAUSE_S = 5.0
"""Before each further look, while an order of an earlier process may still arrive."""
ARRIVES_WITHIN_S = CREATE_S + 5.0
"""After it was sent; its own process would not have waited longer for the answer."""
CLOCKS_APART = timedelta(minutes=20)
"""Less than the hour after which a prediction's inputs are gone: what is older is not looked at."""
MOST_PAGES = 30
"""Of a hundred predictions."""


Bought: TypeAlias = Prediction | str
"""A prediction, or the id of one."""


class Seen(StrEnum):
    ABSENT = "absent"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`since` is when the purchase was sent, by our clock: just now, unless an earlier process sent it. It may still
    arrive for `open_s` seconds.
    """

    token: str
    since: datetime = field(default_factory=partial(datetime.now, UTC))
    open_s: float = 0.0

    @classmethod
    def of_earlier(cls, token: str, sent_at: datetime) -> Wanted:
        """Sent by an earlier process, which did not stay to hear the answer: the provider may be at it still."""
        ago = (datetime.now(UTC) - sent_at).total_seconds()
        return cls(token, sent_at, min(max(ARRIVES_WITHIN_S - ago, 0.0), ARRIVES_WITHIN_S))


async def created(api: ReplicateApi, endpoint: str, payload: Mapping[str, Fact], token: str) -> Bought:
    """Buy a prediction; when the answer leaves unclear whether one was made, look for it.

    Raises:
        Unsure: nobody can tell.
        ProviderError: none was bought.
    """
    try:
        return await api.create(endpoint, payload)
    except ProviderError as error:
        if not error.facts.get("unsure"):
            raise
        prediction_id = await found(api, Wanted(token), error.code)
        if prediction_id:
            return prediction_id
        error.facts = {key: value for key, value in error.facts.items() if key != "unsure"}
        raise


def id_of(bought: Bought) -> str:
    return bought if isinstance(bought, str) else str(bought.id)


async def found(api: ReplicateApi, wanted: Wanted, cause: str) -> str | None:
    """The id of the prediction; None when all looks agree that there is none, the last one when none can come any more.

    Raises:
        Unsure: the list could not be read, does not tell, or the deadline did not leave time for a second look.
    """
    for pause in _pauses(wanted.open_s):
        if pause and api.deadline.passed:
            raise Unsure("no time to look again", cause=cause)
        await api.deadline.pause(pause)
        seen = await _look(api, wanted)
        if seen is Seen.BLIND:
            raise Unsure("the provider's list does not tell", cause=cause)
        if seen is not Seen.ABSENT:
            return seen
    return None


def _pauses(open_s: float) -> Iterator[float]:
    yield from PAUSES_S
    yield from repeat(LATER_PAUSE_S, max(0, math.ceil((open_s - sum(PAUSES_S)) / LATER_PAUSE_S)))


async def _look(api: ReplicateApi, wanted: Wanted) -> str:
    """An id, or what was seen instead."""
    address: str | None = None
    for _ in range(MOST_PAGES):
        try:
            page = await up_to_three_times(partial(api.page, address), api.deadline, api.budget)
        except ProviderError:
            return Seen.BLIND
        seen = _on(page, wanted)
        if seen:
            return seen
        address = page.get("next")
        if not address:
            return Seen.ABSENT
    return Seen.BLIND


def _on(page: Mapping[str, Any], wanted: Wanted) -> str | None:
    """None when the next page has to be looked at."""
    for prediction in page["results"]:
        if _long_before(prediction, wanted.since):
            return Seen.ABSENT
        inputs = prediction.get("input") or {}
        if any(carries(value, wanted.token) for value in inputs.values()):
            return str(prediction["id"])
        if not inputs:
            return Seen.BLIND
    return None


def _long_before(prediction: Mapping[str, Any], since: datetime) -> bool:
    """Whether it was certainly made before; not when nobody can read when it was made."""
    try:
        return datetime.fromisoformat(prediction["created_at"]) < since - CLOCKS_APART
    except (KeyError, TypeError, ValueError):
        return False
