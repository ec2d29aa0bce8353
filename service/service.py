"""Select, run, and tell what happened."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from domain import (
    Cap,
    Language,
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
    SpendReport,
    Statement,
    TouchUp,
)
from errors import DatabaseError, Trouble
from registry import ModelRegistry
from runs import (
    Change,
    Mended,
    Payer,
    RunEvent,
    RunFiles,
    RunResult,
    Tools,
    key_use,
    make_report,
    selection_report,
    show,
    touch_up,
    warm_up,
)
from service.carrying import Begun, Carrier, new_payer
from service.exports import Exports
from service.health import Health, degraded, healthy
from service.limits import Limits
from service.opening import Opening
from service.privacy import Privacy
from service.turns import Asker, Turns


class Service:
    """Uploads are bytes; answers are values and events."""

    def __init__(
        self,
        registry: ModelRegistry,
        tools: Tools,
        limits: Limits,
        privacy: Privacy,
        rules: Mapping[str, MarketplaceRules],
    ) -> None:
        self._registry = registry
        self._tools = tools
        self._limits = limits
        self.opening = Opening()
        self.exports = Exports(tools, rules, self.opening)
        self._carrier = Carrier(registry, tools, self._facts)
        self.turns = Turns()
        self.privacy = privacy

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
        models = self._registry.get_all_models()
        books = self._books(models, Payer(""))
        resting, trouble = books.get("resting", {}), books["trouble"]
        return tuple(self._state(model, resting.get(model.id), trouble) for model in models)

    def marketplaces(self) -> tuple[str, ...]:
        return tuple(Marketplace)

    async def select(
        self, request: SelectionRequest, upload: bytes | None = None, visitor: str = ""
    ) -> SelectionResult:
        """The policy's answer right now; raises `InvalidPhoto` when there is an upload that is no photo, and `Busy`."""
        photo = await self._opened(upload, Payer("", visitor)) if upload is not None else None
        models = await asyncio.to_thread(self._registry.get_all_models, active_only=False)
        facts = await asyncio.to_thread(self._facts, models, photo, Payer("", visitor))
        return self._tools.policy.select_model(request, models, facts)

    async def run(
        self,
        upload: bytes,
        request: SelectionRequest,
        visitor: str = "",
        key: str | None = None,
        *,
        patient: bool = False,
        place: AsyncExitStack | None = None,
    ) -> AsyncGenerator[RunEvent, None]:
        """The events of one run; raises `InvalidPhoto` before the first. Closing the iterator cancels the run, but not
        one that has a key: who lost the connection asks again under the key. Such a run takes its `place` along.

        `visitor` is a key that two runs of one person share, for the owner's cap on what one may spend. Their same
        idempotency `key` with the same photo and wishes is the same run, which is then followed. A `patient` run leaves
        the processors to others.
        """
        begun = await self._begin(upload, request, new_payer(visitor), key, patient=patient)
        if isinstance(begun, str) or not key:
            source = self._carrier.events(begun)
        else:
            source = self._carrier.detached(begun, place.pop_all() if place else AsyncExitStack())
        async with aclosing(source) as events:
            async for event in events:
                yield event

    async def run_in_batch(
        self, upload: bytes, request: SelectionRequest, payer: Payer, key: str
    ) -> AsyncGenerator[RunEvent, None]:
        """As a patient `run`, with money that `payer.batch` has set aside."""
        begun = await self._begin(upload, request, new_payer(payer.visitor, payer.batch), key, patient=True)
        if not isinstance(begun, str):
            await self.privacy.claim("", begun.job.run_id)
        async with aclosing(self._carrier.events(begun)) as events:
            async for event in events:
                yield event

    async def start(self, upload: bytes, request: SelectionRequest, visitor: str = "", key: str | None = None) -> str:
        """Begin a run that goes on by itself; answers with its id. Raises `InvalidPhoto` and `RunError`."""
        self._tools.roster.admit()
        self._carrier.make_room()
        async with AsyncExitStack() as place:
            patient = await self._turn_of(visitor, place)
            begun = await self._begin(upload, request, new_payer(visitor), key, patient=patient)
            if isinstance(begun, str):
                return begun
            await self.privacy.claim("", begun.job.run_id)
            self._carrier.detach(begun, place.pop_all())
        return begun.job.run_id

    async def _turn_of(self, visitor: str, place: AsyncExitStack) -> bool:
        """In the same line as the page's visitors, but not for long: who waits for an answer gives up.

        Answers with whether the run is a patient one.
        """
        mine = await place.enter_async_context(self.turns.place(Asker(visitor, uuid.uuid4().hex)))
        await mine.arrive(self._limits.start_within_s)
        return mine.patient

    def follow(self, run_id: str) -> AsyncGenerator[RunEvent, None]:
        """A run of anybody's to its end, which leaving does not cancel; nothing when the id is unknown."""
        return self._carrier.follow(run_id)

    async def result(self, run_id: str) -> RunResult | None:
        """A run as it stands right now, with its files when it is over; None when the id is unknown."""
        return await self._carrier.result(run_id)

    async def recover(self) -> timedelta:
        """Take up the runs that another process left; answers with when to look again."""
        return await self._carrier.recover()

    async def settle(self) -> None:
        """Wait for the runs that go on by themselves."""
        await self._carrier.settle()

    @property
    def stopping(self) -> bool:
        return self._tools.roster.stopping

    async def stop(self, grace_s: float) -> int:
        """No new runs, no more turns; runs that are not over after `grace_s` are left to the next start: so many."""
        self.turns.close()
        return await self._tools.roster.stop(grace_s)

    async def _begin(
        self, upload: bytes, request: SelectionRequest, payer: Payer, key: str | None, *, patient: bool
    ) -> Begun | str:
        self._tools.roster.admit()
        photo = await self._opened(upload, payer, patient=patient)
        models = await asyncio.to_thread(self._registry.get_all_models, active_only=False)
        use = await asyncio.to_thread(key_use, payer.visitor, key, upload, request) if key else None
        reserve = partial(self._reserved, request, models, payer)
        return await self._carrier.begin(photo, models, payer, reserve, use, patient=patient)

    async def _opened(self, upload: bytes, payer: Payer, *, patient: bool = False) -> Photo:
        async with self.opening.turn(payer.visitor, payer.batch, patient=patient):
            return await asyncio.to_thread(self._tools.gate.photo, upload)

    def report(self, result: RunResult, language: Language = Language.EN) -> RunReport:
        return make_report(result, self._names(), language)

    def selection_report(self, selection: SelectionResult, language: Language = Language.EN) -> SelectionReport:
        return selection_report(selection, language)

    async def run_report(self, run_id: str, language: Language = Language.EN) -> RunReport | None:
        """A run from the journal; None when the id is unknown."""
        result = await asyncio.to_thread(self._tools.result, run_id)
        return self.report(result, language) if result else None

    async def touch_up(self, run_id: str, step: int, painted: bytes | None, options: TouchUp) -> Mended:
        """Mend the cutout of a step (0 is the model's own) by a painting and a finish; raises `TouchUpError`."""
        return await asyncio.to_thread(touch_up, self._tools, run_id, step, painted, options)

    async def step_files(self, run_id: str, step: int) -> RunFiles:
        """The files of a step, once they are written; raises `FilesGone`."""
        return await asyncio.to_thread(self._tools.store.files, run_id, step)

    async def warm_up(self, run_id: str, step: int) -> None:
        """Somebody is about to paint: what a touch-up needs is read already. Raises `FilesGone`."""
        await asyncio.to_thread(warm_up, self._tools, run_id, step)

    async def show_step(self, run_id: str, step: int, change: Change | None = None) -> Mended:
        """An earlier step again; a `change` goes into the journal. Raises `FilesGone`."""
        return await asyncio.to_thread(show, self._tools, run_id, step, change)

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with the database, while anything is."""
        return self._tools.journal.trouble

    def health(self) -> Health:
        """Database, providers and versions; nothing in it is secret."""
        try:
            states = self.model_states()
        except DatabaseError as error:
            return degraded(error)
        return healthy(states, self._tools.policy.version, self._tools.journal.trouble)

    def spend(self) -> SpendReport:
        """The owner's view of the money; not for visitors."""
        return self._tools.ledger.report()

    def _reserved(
        self, request: SelectionRequest, models: Sequence[ModelInfo], payer: Payer, facts: Callable[[], PolicyFacts]
    ) -> SelectionResult:
        """A plan whose price is reserved. Another run may take the money between a look and the reservation: then the
        second look and the reservation are one.
        """
        policy, prices, known = self._tools.policy, {model.id: model.price_usd for model in models}, facts()
        chosen = [policy.select_model(request, models, known)]

        def again(left: dict[Cap, float]) -> dict[str, float]:
            chosen.append(policy.select_model(request, models, known.model_copy(update={"budget_left": left})))
            return priced()

        def priced() -> dict[str, float]:
            return {model_id: prices[model_id] for model_id in chosen[-1].plan}

        ledger = self._tools.ledger
        try:
            if not (ledger.reserve(payer, priced()) or ledger.reserve_what_fits(payer, again)):
                raise RuntimeError("a plan that passes a cap")
        except DatabaseError as error:
            trouble = {"trouble": error.trouble or Trouble.OTHER}
            return policy.select_model(request, models, known.model_copy(update=trouble))
        return chosen[-1]

    def _names(self) -> Mapping[str, str]:
        return {model.id: model.name for model in self._registry.get_all_models(active_only=False)}

    def _readiness(self, model: ModelInfo) -> Readiness:
        return self._tools.providers[model.spec.kind].ready(model)

    def _state(self, model: ModelInfo, rest: Rest | None, trouble: str | None) -> ModelState:
        readiness = self._readiness(model)
        if not readiness.ready:
            said = Statement(code="state.not_ready", facts={"reason": readiness.reason})
        elif trouble and not model.is_local:
            said = Statement(code="state.no_books", facts={"trouble": trouble})
        elif rest:
            said = Statement(code="state.resting", facts=rest.facts)
        else:
            said = Statement(code="state.ready")
        return ModelState(model=model, available=said.code == "state.ready", statement=said)

    def _facts(self, models: Sequence[ModelInfo], photo: Photo | None, payer: Payer) -> PolicyFacts:
        return PolicyFacts(
            readiness={model.id: self._readiness(model) for model in models},
            **self._books(models, payer),
            photo=PhotoFacts(width=photo.pixels.width, height=photo.pixels.height) if photo else None,
            local_engine=self._limits.local_engine,
        )

    def _books(self, models: Sequence[ModelInfo], payer: Payer) -> dict[str, Any]:
        """What the database knows of health and money, or why it cannot be asked."""
        try:
            known = {
                "resting": self._tools.breakers.resting(models),
                "budget_left": self._tools.ledger.left_usd(payer),
            }
        except DatabaseError as error:
            return {"trouble": error.trouble or Trouble.OTHER}
        return {**known, "trouble": self._tools.journal.trouble}


def utc_now() -> datetime:
    return datetime.now(UTC)
