"""The spend ledger: never over a cap, whoever asks when."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import text

from app import Core
from database import Database, migrate
from domain import Cap, Language, ObjectionCode, SelectionRequest, Spent
from runs import Ledger, Payer
from service import utc_now
from tests.conftest import SettingsMaker
from tests.cores import core_of
from tests.fakes.behaviours import Behaviour, Reply, drop_on_create, fail
from tests.fakes.replicate_server import V1, V2, ReplicateServer
from tests.runs.running import run

NIGHT = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
PRICES = {"v2": 0.03, "v1": 0.03, "birefnet": 0.002}


class Clock:
    def __init__(self) -> None:
        self.now = NIGHT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ledger(database: Database, clock: Clock, **caps: float) -> Ledger:
    return Ledger(database, clock, {Cap(name): usd for name, usd in caps.items()})


def test_a_plan_is_reserved_whole_or_not_at_all(database: Database, clock: Clock):
    books = ledger(database, clock, day=0.1)
    assert books.reserve(Payer("a"), PRICES)
    assert not books.reserve(Payer("b"), PRICES)
    assert books.report().day == Spent(reserved_usd=0.062)
    assert books.reserve(Payer("b"), {"v2": 0.03})


def test_a_cap_can_be_used_to_the_last_cent(database: Database, clock: Clock):
    books = ledger(database, clock, day=0.3)
    assert [books.reserve(Payer(str(n)), {"m": 0.1}) for n in range(4)] == [True, True, True, False]
    assert books.left_usd(Payer("x")) == {Cap.DAY: 0.0}


@pytest.mark.parametrize(("cap", "other"), [("visitor", Payer("b", "w")), ("run", Payer("b", "v"))])
def test_a_cap_of_one_does_not_hold_back_another(database: Database, clock: Clock, cap: str, other: Payer):
    books = ledger(database, clock, **{cap: 0.05})
    assert books.reserve(Payer("a", "v"), {"v2": 0.03})
    books.settle("a", "v2", 0.03)
    assert not books.reserve(Payer("a", "v"), {"v1": 0.03})
    assert books.reserve(other, {"v2": 0.03})


def test_what_is_paid_and_what_is_unsure_stays_and_the_rest_goes_back_at_the_end(database: Database, clock: Clock):
    books = ledger(database, clock, day=1)
    books.reserve(Payer("a"), PRICES)
    books.settle("a", "v2", 0.0)
    books.hold("a", "v1", 0.03)
    assert books.left_usd(Payer("a")) == {Cap.DAY: pytest.approx(0.97)}
    books.release("a")
    assert books.report().day == Spent(unsure_usd=0.03)
    books.settle("a", "v1", 0.03)
    assert books.report().day == Spent(paid_usd=0.03)


def test_what_was_bought_without_a_reservation_is_written_down_all_the_same(database: Database, clock: Clock):
    books = ledger(database, clock)
    books.settle("unknown", "v2", 0.03)
    assert books.report().models == {"v2": Spent(paid_usd=0.03)}


def test_a_day_and_a_month_begin_at_midnight_utc(database: Database, clock: Clock):
    books = ledger(database, clock, day=0.03, month=0.05)
    assert books.reserve(Payer("a"), {"v2": 0.03})
    clock.now += timedelta(minutes=1)
    assert books.left_usd(Payer("b")) == {Cap.DAY: 0.03, Cap.MONTH: 0.05}
    assert books.reserve(Payer("b"), {"v2": 0.03})
    clock.now += timedelta(days=1)
    assert books.left_usd(Payer("c")) == {Cap.DAY: 0.03, Cap.MONTH: pytest.approx(0.02)}


def test_tidying_gives_back_what_dead_runs_kept_and_forgets_old_visitors(database: Database, clock: Clock):
    books = ledger(database, clock)
    books.reserve(Payer("dead", "v"), {"v2": 0.03})
    books.reserve(Payer("paid", "v"), {"v2": 0.03})
    books.settle("paid", "v2", 0.03)
    books.tidy()
    assert books.report().month == Spent(paid_usd=0.03, reserved_usd=0.03)
    clock.now += timedelta(hours=2)
    books.tidy()
    clock.now += timedelta(days=3)
    books.tidy()
    with database.read() as session:
        assert session.execute(text("SELECT run_id, visitor FROM spend")).all() == [("paid", "")]


def test_of_forty_runs_at_once_over_two_connections_no_more_are_let_in_than_the_cap_pays_for(
    database: Database, clock: Clock
):
    other = Database(str(database.engine.url))
    both = (ledger(database, clock, day=0.2), ledger(other, clock, day=0.2))
    with ThreadPoolExecutor(16) as pool:
        let_in = list(pool.map(lambda n: both[n % 2].reserve(Payer(str(n)), {"v2": 0.03}), range(40)))
    assert sum(let_in) == 6
    other.close()


class TwoProcesses(RuleBasedStateMachine):
    """Two connections reserve, settle, hold and release in any order, settlements get lost, and the days go by."""

    caps: ClassVar = {Cap.RUN: 0.06, Cap.VISITOR: 0.1, Cap.DAY: 0.15, Cap.MONTH: 0.3}

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cutout-router-ledger-"))
        shutil.copy(template(), self.folder / "a.db")
        self.databases = [Database(f"sqlite:///{self.folder / 'a.db'}") for _ in range(2)]
        self.clock = Clock()
        self.books = [Ledger(database, self.clock, self.caps) for database in self.databases]
        self.due: list[tuple[str, str, float]] = []
        self.lost: list[tuple[str, str, float]] = []
        self.spent: dict[tuple[str, str], float] = {}
        self.runs: list[Payer] = []

    @rule(side=st.integers(0, 1), visitor=st.sampled_from("vw"), models=st.sets(st.sampled_from(sorted(PRICES))))
    def begin(self, side: int, visitor: str, models: set[str]) -> None:
        payer = Payer(f"run-{len(self.runs)}", visitor)
        self.runs.append(payer)
        if self.books[side].reserve(payer, {name: PRICES[name] for name in models}):
            self.due += [(payer.run_id, name, PRICES[name]) for name in models]

    @rule(side=st.integers(0, 1), data=st.data(), paid=st.booleans(), sure=st.booleans())
    def end_attempt(self, side: int, data: st.DataObject, paid: bool, sure: bool) -> None:
        if self.due:
            run_id, model, price = self.due.pop(data.draw(st.integers(0, len(self.due) - 1)))
            self.spent[run_id, model] = price if paid or not sure else 0.0
            if sure:
                self.books[side].settle(run_id, model, price if paid else 0.0)
            else:
                self.books[side].hold(run_id, model, price)

    @rule(data=st.data(), outcome=st.sampled_from(("succeeded", "unsure", "started")))
    def end_attempt_unsettled(self, data: st.DataObject, outcome: str) -> None:
        """It was sent, and then nothing could be written into the ledger, or about the attempt's end either."""
        if self.due:
            run_id, model, price = self.due.pop(data.draw(st.integers(0, len(self.due) - 1)))
            self.lost.append((run_id, model, price))
            self.spent[run_id, model] = price
            write_attempt(self.databases[0], run_id, model, outcome, None if outcome == "started" else price)

    @rule(side=st.integers(0, 1), data=st.data())
    def end_run(self, side: int, data: st.DataObject) -> None:
        if self.runs:
            over = data.draw(st.sampled_from(self.runs))
            self.books[side].release(over.run_id)
            self.due = [one for one in self.due if one[0] != over.run_id]
            self.lost = [one for one in self.lost if one[0] != over.run_id]

    @rule(hours=st.sampled_from((1, 30)))
    def wait(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours)

    @invariant()
    def no_cap_is_passed_and_both_sides_read_the_same(self) -> None:
        for payer in (Payer("nobody", "v"), Payer("nobody", "w"), *self.runs[-3:]):
            left, same = (books.left_usd(payer) for books in self.books)
            assert left == same
            assert min(left.values()) >= 0, left

    @invariant()
    def what_is_open_is_still_reserved(self) -> None:
        with self.databases[0].read() as session:
            kept = session.scalar(text("SELECT coalesce(sum(micros), 0) FROM spend WHERE state = 'reserved'"))
        assert kept == sum(round(price * 1_000_000) for _, _, price in (*self.due, *self.lost))

    @invariant()
    def what_was_spent_is_in_the_books(self) -> None:
        with self.databases[0].read() as session:
            rows = session.execute(text("SELECT run_id, model_id, micros FROM spend")).all()
        known = {(run_id, model): micros for run_id, model, micros in rows}
        for one, price in self.spent.items():
            assert known[one] == round(price * 1_000_000)

    def teardown(self) -> None:
        for database in getattr(self, "databases", ()):
            database.close()
        shutil.rmtree(getattr(self, "folder", "/nowhere"), ignore_errors=True)


def write_attempt(database: Database, run_id: str, model: str, outcome: str, cost_usd: float | None) -> None:
    """The row of an attempt whose order was sent, of a run that is over."""
    run_columns = "run_id, status, reason, explanation, fallback_chain, candidates, seconds, cost_usd, policy_version"
    with database.write() as session:
        session.execute(
            text(
                f"INSERT OR IGNORE INTO runs ({run_columns}, selections, facts, photo_sha256, started_at) "  # noqa: S608
                "VALUES (:run, 'succeeded', '', '', '[]', '[]', 0, 0, '', '[]', '{}', '', '2026-11-30 00:00:00.000000')"
            ),
            {"run": run_id},
        )
        session.execute(
            text(
                "INSERT INTO attempts (run_id, number, model_id, outcome, facts, cost_usd, token, started_at) VALUES "
                "(:run, (SELECT count(*) FROM attempts), :model, :outcome, '{}', :cost, 't', "
                "'2026-11-30 00:00:00.000000')"
            ),
            {"run": run_id, "model": model, "outcome": outcome, "cost": cost_usd},
        )


_TEMPLATE: list[Path] = []


def template() -> Path:
    """A migrated database, made once: every example begins with a copy."""
    if not _TEMPLATE:
        path = Path(tempfile.mkdtemp(prefix="cutout-router-template-")) / "a.db"
        database = Database(f"sqlite:///{path}")
        migrate(database)
        database.close()
        _TEMPLATE.append(path)
    return _TEMPLATE[0]


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)


@pytest.fixture
def capped(make_settings: SettingsMaker, replicate: ReplicateServer, request: pytest.FixtureRequest) -> Iterator[Core]:
    """The program with a token for the fake Replicate and the caps that the test is marked with."""
    given = {f"spend_cap_{name}_usd": usd for name, usd in request.param.items()}
    core = core_of(make_settings(replicate_api_token=replicate.token, replicate_base_url=replicate.url, **given))
    yield core
    core.database.close()


def money(core: Core) -> Spent:
    return core.service.spend().day


def test_while_a_run_buys_its_whole_plan_is_reserved_and_after_it_only_what_was_paid(
    hosted_core: Core, replicate: ReplicateServer
):
    seen: list[Spent] = []
    replicate.script(V2, Behaviour(on_creation=lambda: seen.append(money(hosted_core))))
    run(hosted_core.service)
    assert seen == [Spent(reserved_usd=0.062)]
    assert money(hosted_core) == Spent(paid_usd=0.03)


def test_a_canceled_prediction_is_paid_an_aborted_one_is_not_and_an_unsure_one_stays_reserved(
    hosted_core: Core, replicate: ReplicateServer, monkeypatch: pytest.MonkeyPatch
):
    replicate.always(V2, fail(status="canceled"))
    replicate.always(V1, fail(status="aborted"))
    run(hosted_core.service)
    assert money(hosted_core) == Spent(paid_usd=0.032)
    replicate.always(V2, drop_on_create(made=True))
    monkeypatch.setattr(replicate, "_list", lambda _: Reply(500))
    run(hosted_core.service)
    assert money(hosted_core).unsure_usd == 0.03


def refuse_settlements(core: Core, when: str) -> None:
    """As a database that takes no settlement at that moment, and is well again afterwards."""
    with core.database.write() as session:
        session.execute(
            text(
                f"CREATE TRIGGER unsettled BEFORE UPDATE ON spend WHEN new.state = 'settled' AND {when} "
                "BEGIN SELECT RAISE(ABORT, 'not now'); END"
            )
        )


@pytest.mark.parametrize("capped", [{"day": 0.04}], indirect=True)
def test_a_settlement_that_could_not_be_written_is_made_up_for_at_the_end_of_the_run_and_the_cap_holds(capped: Core):
    still_open = "SELECT 1 FROM attempts WHERE run_id = new.run_id AND outcome = 'started'"
    refuse_settlements(capped, f"EXISTS ({still_open})")
    assert run(capped.service).model_id == "flux-kontext-lora-v2"
    assert money(capped) == Spent(paid_usd=0.03)
    assert run(capped.service).model_id == "birefnet"
    assert money(capped) == Spent(paid_usd=0.032)


def test_money_that_no_line_could_be_written_about_stays_reserved_until_the_books_are_tidied(hosted_core: Core):
    refuse_settlements(hosted_core, "true")
    run(hosted_core.service)
    assert money(hosted_core) == Spent(reserved_usd=0.062)
    with hosted_core.database.write() as session:
        session.execute(text("DROP TRIGGER unsettled"))
    Ledger(hosted_core.database, lambda: utc_now() + timedelta(hours=2), {}).tidy()
    assert money(hosted_core) == Spent(paid_usd=0.03)


@pytest.mark.parametrize(
    ("capped", "cap"),
    [({"run": 0.04}, "run"), ({"visitor": 0.04}, "visitor"), ({"day": 0.04}, "day"), ({"month": 0.04}, "month")],
    indirect=["capped"],
)
def test_the_plan_is_shortened_so_that_its_worst_case_fits_and_says_which_cap(capped: Core, cap: str):
    selection = asyncio.run(capped.service.select(SelectionRequest(), visitor="v"))
    assert selection.plan == ("flux-kontext-lora-v2", "birefnet")
    v1 = next(one for one in selection.candidates if one.model_id == "flux-kontext-lora-v1")
    assert v1.objection.code is ObjectionCode.OVER_BUDGET
    assert (v1.objection.facts["cap"], v1.objection.facts["left_usd"]) == (cap, pytest.approx(0.01))


@pytest.mark.parametrize("capped", [{"day": 0.04}], indirect=True)
def test_when_a_cap_is_used_up_the_next_run_says_so_with_figures_and_stays_local(capped: Core):
    first = run(capped.service)
    assert first.model_id == "flux-kontext-lora-v2"
    capped.tools.ledger.settle("other", "flux-kontext-lora-v2", 0.0099)
    second = capped.service.report(run(capped.service))
    assert second.model_id == "embedded"
    assert "what is left of the budget does not pay" in second.explanation
    v2 = next(one for one in second.candidates if one.model_id == "flux-kontext-lora-v2")
    assert v2.explanation == "It would cost $0.030, and $0.000 of today's cap is left."
    told = capped.service.selection_report(asyncio.run(capped.service.select(SelectionRequest())), Language.RU)
    assert any("предел на сегодня позволяет ещё $0.000" in one.explanation for one in told.candidates)


@pytest.mark.parametrize("capped", [{"visitor": 0.031}], indirect=True)
def test_one_visitor_cannot_spend_anothers_cap(capped: Core):
    def plan(visitor: str) -> tuple[str, ...]:
        return asyncio.run(capped.service.select(SelectionRequest(), visitor=visitor)).plan

    assert capped.tools.ledger.reserve(Payer("x", "v"), {"flux-kontext-lora-v2": 0.03})
    assert plan("v") == ("embedded",)
    assert plan("w") == ("flux-kontext-lora-v2",)


@pytest.mark.parametrize("capped", [{"day": 0.062}], indirect=True)
def test_money_that_goes_between_the_look_and_the_reservation_shortens_the_plan(
    capped: Core, monkeypatch: pytest.MonkeyPatch
):
    """Another run reserves after this one's facts were read."""
    select = capped.tools.policy.select_model
    taken: list[bool] = []

    def select_then_lose(*arguments):
        chosen = select(*arguments)
        if not taken:
            taken.append(capped.tools.ledger.reserve(Payer("rival"), {"m": 0.06}))
        return chosen

    monkeypatch.setattr(capped.tools.policy, "select_model", select_then_lose)
    result = run(capped.service)
    assert taken == [True]
    assert result.model_id == "birefnet"
    assert money(capped) == Spent(paid_usd=0.002, reserved_usd=0.06)


BATCH = "b" * 32


def test_a_batch_sets_its_worst_case_aside_and_its_runs_take_from_that(database: Database, clock: Clock):
    books = ledger(database, clock, day=1)
    assert books.plan(Payer("", "v", BATCH), 0.9)
    assert books.left_usd(Payer("x")) == {Cap.DAY: pytest.approx(0.1)}
    assert not books.reserve(Payer("x"), {"v2": 0.2})
    assert books.reserve(Payer("a", "v", BATCH), {"v2": 0.3})
    assert books.left_usd(Payer("x")) == {Cap.DAY: pytest.approx(0.1)}
    books.settle("a", "v2", 0.1)
    assert books.left_usd(Payer("x")) == {Cap.DAY: pytest.approx(0.3)}
    books.drop_plan(BATCH)
    assert books.report().day == Spent(paid_usd=0.1)


def test_a_batch_that_the_budget_does_not_hold_sets_nothing_aside(database: Database, clock: Clock):
    books = ledger(database, clock, day=1, run=0.05)
    assert not books.plan(Payer("", "v", BATCH), 1.01)
    assert books.report().day == Spent()
    assert books.plan(Payer("", "v", BATCH), 1)
    assert books.plan(Payer("", "v", BATCH), 0.5), "a second plan takes the first one's place"
    assert books.report().day == Spent(reserved_usd=0.5)


def test_runs_of_a_batch_that_cost_more_than_was_set_aside_still_never_pass_the_cap(database: Database, clock: Clock):
    books = ledger(database, clock, day=1)
    books.plan(Payer("", "v", BATCH), 0.2)
    assert [books.reserve(Payer(str(n), "v", BATCH), {"v2": 0.3}) for n in range(4)] == [True, True, True, False]


def test_what_a_batch_set_aside_outlives_an_hour_and_is_known_as_its(database: Database, clock: Clock):
    clock.now -= timedelta(days=3)
    books = ledger(database, clock, month=1)
    books.plan(Payer("", "v", BATCH), 0.2)
    assert books.plans() == []
    clock.now += timedelta(hours=2)
    books.tidy()
    assert books.plans() == [BATCH]
    assert books.report().month == Spent(reserved_usd=0.2)
