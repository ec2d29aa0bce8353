"""Which models rest after a failure that asking again would only repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain import ModelInfo, Rest
from errors import Consequence, ModelGone, ProviderError, WeightsFault

REST = timedelta(hours=1)


class HealthBoard:
    """Rests by model, in this process; the moment is always an argument."""

    def __init__(self) -> None:
        self._rests: dict[str, Rest] = {}

    def note(self, error: ProviderError, failed: ModelInfo, models: Sequence[ModelInfo], now: datetime) -> None:
        """After an account error every model of its provider rests; else one that has gone or lacks its weights."""
        if error.consequence is Consequence.REST_PROVIDER:
            tired = [model.id for model in models if model.provider is failed.provider]
        elif isinstance(error, ModelGone | WeightsFault):
            tired = [failed.id]
        else:
            return
        for model_id in tired:
            failures = self._rests[model_id].failures + 1 if model_id in self._rests else 1
            self._rests[model_id] = Rest(until=now + REST, failures=failures)

    def resting(self, now: datetime) -> dict[str, Rest]:
        return {model_id: rest for model_id, rest in self._rests.items() if rest.until > now}
