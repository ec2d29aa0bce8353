"""Select, run, and tell what happened."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from domain import (
    Language,
    LocalEngine,
    Marketplace,
    MarketplaceRules,
    ModelInfo,
    ModelState,
    Photo,
    PhotoFacts,
    PolicyFacts,
    Readiness,
    Rest,
    RunReport,
    SelectionReport,
    SelectionRequest,
    SelectionResult,
    Statement,
    TouchUp,
)
from errors import DatabaseError
from imaging import decode
from registry import ModelRegistry
from runs import (
    Change,
    Job,
    Mended,
    RunEvent,
    RunResult,
    Tools,
    carry_out,
    make_report,
    selection_report,
    show,
    touch_up,
)
from service.exports import Exports
from service.health import Health, degraded, healthy


@dataclass(frozen=True, slots=True)
class Limits:
    """What the owner allows; a cap of None is no cap."""

    local_engine: LocalEngine = LocalEngine.AUTO
    spend_cap_day_usd: float | None = None


class Service:
    """Uploads are bytes; answers are values and events."""

    def __init__(
        self, registry: ModelRegistry, tools: Tools, limits: Limits, rules: Mapping[str, MarketplaceRules]
    ) -> None:
        self._registry = registry
        self._tools = tools
        self._limits = limits
        self.exports = Exports(tools, rules)

    def models(
        self, tag: str | None = None, marketplace: str | None = None, active: bool = True
    ) -> tuple[ModelInfo, ...]:
        """The active models (or the inactive ones), highest priority first, with the tag and the marketplace."""
        return tuple(
            model
            for model in self._registry.get_all_models(active_only=False)
            if model.is_active is active
            and (tag is None or tag in model.tags)
            and (marketplace is None or marketplace in model.supports_marketplaces)
        )

    def model(self, model_id: str) -> ModelInfo | None:
        return self._registry.get_model_by_id(model_id)

    def model_states(self) -> tuple[ModelState, ...]:
        """Every active model, and whether it can be called right now."""
        resting = self._tools.health.resting(self._tools.now())
        return tuple(self._state(model, resting.get(model.id)) for model in self._registry.get_all_models())

    def marketplaces(self) -> tuple[str, ...]:
        return tuple(Marketplace)

    async def select(self, request: SelectionRequest, upload: bytes | None = None) -> SelectionResult:
        """The policy's answer right now; raises `InvalidPhoto` when there is an upload that is no photo."""
        photo = await asyncio.to_thread(decode, upload) if upload is not None else None
        models = await asyncio.to_thread(self._registry.get_all_models, active_only=False)
        facts = await asyncio.to_thread(self._facts, models, photo)
        return self._tools.policy.select_model(request, models, facts)

    async def run(self, upload: bytes, request: SelectionRequest) -> AsyncGenerator[RunEvent, None]:
        """The events of one run; raises `InvalidPhoto` before the first. Closing the iterator cancels the run."""
        photo = await asyncio.to_thread(decode, upload)
        models = await asyncio.to_thread(self._registry.get_all_models, active_only=False)
        facts = partial(self._facts, models, photo)
        selection = self._tools.policy.select_model(request, models, await asyncio.to_thread(facts))
        job = Job(uuid.uuid4().hex, photo, selection, {model.id: model for model in models}, facts)
        async with aclosing(carry_out(self._tools, job)) as events:
            async for event in events:
                yield event

    def report(self, result: RunResult, language: Language = Language.EN) -> RunReport:
        return make_report(result, self._names(), language)

    def selection_report(self, selection: SelectionResult, language: Language = Language.EN) -> SelectionReport:
        return selection_report(selection, language)

    async def run_report(self, run_id: str, language: Language = Language.EN) -> RunReport | None:
        """A run from the journal; None when the id is unknown."""
        result = await asyncio.to_thread(self._tools.journal.result, run_id)
        return self.report(result, language) if result else None

    async def touch_up(self, run_id: str, step: int, painted: bytes | None, options: TouchUp) -> Mended:
        """Mend the cutout of a step (0 is the model's own) by a painting and a finish; raises `TouchUpError`."""
        return await asyncio.to_thread(touch_up, self._tools, run_id, step, painted, options)

    async def show_step(self, run_id: str, step: int, change: Change | None = None) -> Mended:
        """An earlier step again; a `change` goes into the journal. Raises `FilesGone`."""
        return await asyncio.to_thread(show, self._tools, run_id, step, change)

    def health(self) -> Health:
        """Database, providers and versions; nothing in it is secret."""
        try:
            states = self.model_states()
        except DatabaseError as error:
            return degraded(error)
        return healthy(states, self._tools.policy.version)

    def _names(self) -> Mapping[str, str]:
        return {model.id: model.name for model in self._registry.get_all_models(active_only=False)}

    def _readiness(self, model: ModelInfo) -> Readiness:
        return self._tools.providers[model.spec.kind].ready(model)

    def _state(self, model: ModelInfo, rest: Rest | None) -> ModelState:
        readiness = self._readiness(model)
        if not readiness.ready:
            said = Statement(code="state.not_ready", facts={"reason": readiness.reason})
        elif rest:
            said = Statement(code="state.resting", facts={"until": f"{rest.until:%H:%M} UTC"})
        else:
            said = Statement(code="state.ready")
        return ModelState(model=model, available=said.code == "state.ready", statement=said)

    def _facts(self, models: Sequence[ModelInfo], photo: Photo | None) -> PolicyFacts:
        return PolicyFacts(
            readiness={model.id: self._readiness(model) for model in models},
            resting=self._tools.health.resting(self._tools.now()),
            budget_left_usd=self._budget_left(),
            photo=PhotoFacts(width=photo.pixels.width, height=photo.pixels.height) if photo else None,
            local_engine=self._limits.local_engine,
        )

    def _budget_left(self) -> float | None:
        cap = self._limits.spend_cap_day_usd
        if cap is None:
            return None
        midnight = self._tools.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cap - self._tools.journal.spent_since(midnight)


def utc_now() -> datetime:
    return datetime.now(UTC)
