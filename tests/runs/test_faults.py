"""Every outcome of the wire, through the whole program but its page: class, fallback, books and deadline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import text

import errors
from app import Core
from domain import Outcome, ProviderKind, RunStatus, SelectionRequest
from errors import AccountError, Consequence, ProviderError
from providers import replicate_client
from providers.budget import RetryBudget
from settings import Settings
from tests.cores import core_of
from tests.fakes.behaviours import Answer, Behaviour, Drop, Reply, Silence, drop_on_create, hang, http, nsfw, throttle
from tests.fakes.replicate_server import V1, ReplicateServer
from tests.photos import jpeg, product_photo
from tests.providers.conftest import FakeTime
from tests.providers.test_wire import CASES, LOCAL_LEAVES, NO_JSON, leaves
from tests.runs.running import run
from tests.serving import hosted_settings

FIRST, SECOND = "flux-kontext-lora-v1", "birefnet"
WISH = SelectionRequest(model_id=FIRST)
PRICE = 0.03
PHOTO = jpeg(product_photo(96, 72))


@dataclass(frozen=True)
class Fault:
    """What the provider does to the first model, the leaf, and what it costs. `lists` answers the look-up instead."""

    name: str
    behaviour: Behaviour
    leaf: str
    cost_usd: float = 0.0
    lists: Answer | None = None


PAID = {"BadOutput"}
KEPT = dict.fromkeys(
    (
        "canceled",
        "never ready",
        "failed with an object as its error",
        "unknown status",
        "created in a status of the future",
    ),
    PRICE,
)
AT_CREATION_ONLY = ("silent at creation", "file never comes", "file too large")


def cost_of(name: str, leaf: str) -> float:
    """A prediction that succeeded, or broke off unseen, counts; refused, failed and aborted ones do not.

    One that is cancelled before it starts is aborted.
    """
    lost_later = name.startswith(("polled", "dropped three", "file"))
    return PRICE if leaf in PAID or lost_later else KEPT.get(name, 0.0)


FAULTS = [
    *(
        Fault(case.name, case.behaviour, case.leaf, cost_of(case.name, case.leaf))
        for case in CASES
        if case.name not in AT_CREATION_ONLY
    ),
    Fault("creation hangs, nothing was made", hang(), "TimedOut"),
    Fault("creation hangs, the list is silent", Behaviour(creation=Silence()), "Unsure", PRICE, Silence()),
    Fault("creation dropped, the list is broken", drop_on_create(made=True), "Unsure", PRICE, Reply(200, b"{")),
    Fault("creation dropped, the list is dropped", drop_on_create(), "Unsure", PRICE, Drop()),
    *(
        Fault(f"creation dropped, the list is {name}", drop_on_create(made=True), "Unsure", PRICE, Reply(200, body))
        for name, body in NO_JSON.items()
    ),
    Fault("creation 500, the list is 500", http(500), "Unsure", PRICE, Reply(500)),
]


@pytest.fixture(scope="module")
def server() -> Iterator[ReplicateServer]:
    with ReplicateServer() as server:
        yield server


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, server: ReplicateServer) -> Settings:
    return hosted_settings(server, data_dir=Path(tmp_path_factory.mktemp("faults")), run_deadline_s=60)


@pytest.fixture(scope="module")
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture(scope="module")
def _core(settings: Settings, time: FakeTime) -> Iterator[Core]:
    core = core_of(settings, time.timing)
    yield core
    core.database.close()


def budget_of(core: Core) -> RetryBudget:
    """All hosted models share one."""
    return core.tools.providers[ProviderKind.BIREFNET]._inner._budget


@pytest.fixture
def core(_core: Core, server: ReplicateServer) -> Core:
    """As it was at the start: nothing rests, nothing is spent."""
    server.forget()
    with _core.database.write() as session:
        for table in ("breakers", "spend", "runs", "provider_calls"):
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608  # our own names
    budget_of(_core).tokens = 5.0
    return _core


def leaf_of(code: str) -> type[ProviderError]:
    return next(getattr(errors, name) for name in leaves() if getattr(errors, name).code == code)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_ends_in_time_with_its_class_its_fallback_and_books_that_balance(
    core: Core, server: ReplicateServer, time: FakeTime, monkeypatch: pytest.MonkeyPatch, fault: Fault
):
    behaviour = fault.behaviour
    if isinstance(behaviour.creation, Silence):
        monkeypatch.setattr(replicate_client, "CREATE_S", 0.5)
        behaviour = replace(behaviour, on_creation=lambda: monkeypatch.setattr(replicate_client, "CREATE_S", 30.0))
    if isinstance(fault.lists, Silence):
        monkeypatch.setattr(replicate_client, "POLL_S", 0.05)
        monkeypatch.setattr(replicate_client, "LAST_LOOK_S", 0.05)
    if fault.lists:
        monkeypatch.setattr(server, "_list", lambda _: fault.lists)
    server.always(V1, behaviour)
    began = time.now
    result = run(core.service, WISH, PHOTO)

    first, leaf = result.attempts[0], leaf_of(result.attempts[0].error)
    assert leaf is getattr(errors, fault.leaf)
    assert time.now - began <= 60 + 2
    assert first.cost_usd == fault.cost_usd

    stops = issubclass(leaf, AccountError)
    assert [attempt.model_id for attempt in result.attempts] == ([FIRST] if stops else [FIRST, SECOND])
    assert result.status is (RunStatus.DRAFT if stops else RunStatus.SUCCEEDED)
    assert (leaf.consequence is Consequence.REST_PROVIDER) is stops

    report = core.service.report(result)
    assert report.attempts[0].explanation
    assert report.explanation
    assert "no words" not in report.explanation + report.attempts[0].explanation
    check_journal(core, result.run_id, len(result.attempts))
    check_money(core, fault, result.cost_usd)
    check_no_orphans(server, first.outcome)


def check_journal(core: Core, run_id: str, attempts: int) -> None:
    events = [entry.event for entry in core.journal.entries(run_id)]
    assert events[0] == "selection"
    assert events[-1] == "outcome"
    assert events.count("attempt_started") == events.count("attempt_ended") == attempts
    with core.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM attempts WHERE outcome = 'started'")) == 0
        assert session.scalar(text("SELECT count(*) FROM runs WHERE ended_at IS NULL OR owner IS NOT NULL")) == 0


def check_money(core: Core, fault: Fault, cost_usd: float) -> None:
    spent = core.service.spend().day
    assert spent.reserved_usd == 0
    assert spent.unsure_usd == (PRICE if fault.leaf == "Unsure" else 0)
    assert spent.paid_usd + spent.unsure_usd == pytest.approx(cost_usd)


def check_no_orphans(server: ReplicateServer, outcome: Outcome) -> None:
    """Whatever still runs at the provider was cancelled, or nobody could know of it and it ends by itself."""
    for job in server.jobs:
        ended = job.cancelled or job.status in {"succeeded", "failed", "canceled", "aborted"}
        assert ended or (outcome is Outcome.UNSURE and job.cancel_after), job


def test_every_leaf_that_a_provider_can_raise_has_a_fault():
    assert {fault.leaf for fault in FAULTS} == set(leaves()) - LOCAL_LEAVES


def test_a_storm_of_refusals_makes_under_a_fifth_more_requests(core: Core, server: ReplicateServer):
    budget_of(core).tokens = 2.0
    for target in (V1,):
        server.always(target, throttle(5))
    runs = 12
    for _ in range(runs):
        with core.database.write() as session:
            session.execute(text("DELETE FROM breakers"))
        run(core.service, WISH, PHOTO)
    first_requests = 2 * runs
    assert len(server.creations) - first_requests <= 0.2 * len(server.requests)


def test_a_resting_model_costs_no_request(core: Core, server: ReplicateServer):
    server.always(V1, http(404))
    run(core.service, WISH, PHOTO)
    server.requests.clear()
    result = run(core.service, WISH, PHOTO)
    assert FIRST not in [attempt.model_id for attempt in result.attempts]
    assert len(server.creations) == len(result.attempts) == 1


def test_a_refusal_for_its_content_does_not_buy_the_same_refusal_again(core: Core, server: ReplicateServer):
    server.always(V1, nsfw())
    result = run(core.service, WISH, PHOTO)
    assert [attempt.model_id for attempt in result.attempts] == [FIRST, SECOND]
    assert len(server.creations) == 2
