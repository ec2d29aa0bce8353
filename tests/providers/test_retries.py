"""What is tried again, how often, and how long is waited: on an injected clock, so nothing really waits."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain import Photo, Raster
from errors import ConnectionLost, ProviderError, ServerFault, Throttled, TimedOut, Unsure
from providers import Trail, replicate_client
from providers.budget import RetryBudget
from tests.fakes.behaviours import (
    Behaviour,
    Drop,
    Reply,
    Silence,
    drop_on_create,
    drop_on_poll,
    http,
    problem_reply,
    succeed,
    throttle,
)
from tests.fakes.replicate_server import BIREFNET
from tests.providers.conftest import BIREFNET_MODEL, Bench, small_photo
from tests.providers.test_wire import PICTURE
from tests.serving import free_port

JITTER_S = 1.0  # of a clock whose die always shows the most


def polls_of(bench: Bench) -> int:
    return len(bench.server.requests_to("GET", "/v1/predictions/"))


def test_polls_come_less_and_less_often_up_to_every_two_seconds(bench: Bench) -> None:
    bench.server.script(BIREFNET, succeed(work=7))
    bench.run(BIREFNET_MODEL)
    assert bench.time.slept == [0.5, 0.75, 1.125, 1.6875, 2.0, 2.0, 2.0]


def test_a_creation_turned_away_is_sent_once_more_after_the_time_that_was_asked_for(bench: Bench) -> None:
    bench.server.script(BIREFNET, throttle(2))
    bench.run(BIREFNET_MODEL)
    assert bench.time.slept[0] == 2.0 + JITTER_S
    assert len(bench.server.creations) == 2


def test_before_a_creation_is_sent_once_more_its_token_is_told_again(bench: Bench) -> None:
    bench.server.script(BIREFNET, throttle(2))
    bench.run(BIREFNET_MODEL)
    tokens = [progress.token for progress in bench.told if progress.token]
    assert tokens == [tokens[0]] * 2  # when it was sent is when it may arrive


def test_a_creation_turned_away_without_a_time_waits_a_second(bench: Bench) -> None:
    bench.server.script(BIREFNET, throttle())
    bench.run(BIREFNET_MODEL)
    assert bench.time.slept[0] == 1.0 + JITTER_S


def test_a_time_may_be_given_as_a_date(bench: Bench) -> None:
    dates = {"Retry-After": "Mon, 05 Jan 2026 10:00:03 GMT", "Date": "Mon, 05 Jan 2026 10:00:00 GMT"}
    bench.server.script(BIREFNET, Behaviour(creation=Reply(429, headers=dates)))
    bench.run(BIREFNET_MODEL)
    assert bench.time.slept[0] == 3.0 + JITTER_S


def test_a_time_that_cannot_be_read_is_as_good_as_none(bench: Bench) -> None:
    bench.server.script(BIREFNET, Behaviour(creation=Reply(429, headers={"Retry-After": "soon"})))
    bench.run(BIREFNET_MODEL)
    assert bench.time.slept[0] == 1.0 + JITTER_S


def test_a_long_time_is_waited_for_when_the_model_can_still_finish_after_it(bench: Bench) -> None:
    bench.server.script(BIREFNET, throttle(40))
    bench.run(BIREFNET_MODEL, deadline_s=60)
    assert bench.time.slept[0] == 40 + JITTER_S
    assert len(bench.server.creations) == 2


def test_a_provider_that_is_not_reached_is_tried_once_more_as_nothing_can_have_been_bought(bench: Bench) -> None:
    config = replace(bench.config, base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ConnectionLost) as caught:
        bench.run(BIREFNET_MODEL, config=config)
    assert not caught.value.facts.get("unsure")
    assert len(bench.time.slept) == 1


@pytest.mark.parametrize(("retry_after", "deadline_s"), [(58, 60), (3600, 3601), (4, 3)])
def test_a_time_that_is_too_long_is_not_waited_for(bench: Bench, retry_after: float, deadline_s: float) -> None:
    bench.server.script(BIREFNET, throttle(retry_after))
    with pytest.raises(Throttled) as caught:
        bench.run(BIREFNET_MODEL, deadline_s=deadline_s)
    assert caught.value.retry_after == retry_after
    assert bench.time.slept == []
    assert len(bench.server.creations) == 1


@pytest.mark.parametrize("behaviour", [http(500), http(503), http(408), drop_on_create()])
def test_a_creation_with_an_unclear_end_is_looked_up_three_times_and_never_sent_again(
    bench: Bench, behaviour: Behaviour
) -> None:
    bench.server.always(BIREFNET, behaviour)
    with pytest.raises(ProviderError) as caught:
        bench.run(BIREFNET_MODEL)
    assert len(bench.server.creations) == 1
    assert [request.path for request in bench.server.requests_to("GET", "/v1/")] == ["/v1/predictions"] * 3
    assert "unsure" not in caught.value.facts


@pytest.mark.parametrize("size", [(64, 48), (640, 480)], ids=["embedded", "uploaded"])
def test_a_prediction_whose_creation_was_not_answered_is_found_and_brought_home(
    bench: Bench, size: tuple[int, int]
) -> None:
    pixels = random.Random(1).randbytes(size[0] * size[1] * 3)  # noqa: S311  # a picture that does not shrink
    bench.server.script(BIREFNET, drop_on_create(made=True))
    bench.run(BIREFNET_MODEL, Photo(Raster(*size, "RGB", pixels), ""))
    assert len(bench.server.creations) == len(bench.server.jobs) == 1
    assert "job0001" in {progress.prediction_id for progress in bench.told}


@pytest.mark.parametrize(("ago_s", "looks"), [(0, 10), (10, 8), (30, 4), (31, 3), (60, 3), (-60, 10)])
def test_an_order_of_an_earlier_process_is_looked_for_until_it_cannot_arrive_any_more(
    bench: Bench, ago_s: float, looks: int
) -> None:
    trail = Trail(token="0" * 32, sent_at=datetime.now(UTC) - timedelta(seconds=ago_s))
    asyncio.run(bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 60, bench.told.append, trail))
    lists = [request for request in bench.server.requests_to("GET", "/v1/") if request.path == "/v1/predictions"]
    assert len(lists) == looks
    assert len(bench.server.creations) == 1


def test_without_the_time_to_wait_for_an_order_of_an_earlier_process_nobody_knows(bench: Bench) -> None:
    trail = Trail(token="0" * 32, sent_at=datetime.now(UTC))
    with pytest.raises(Unsure):
        asyncio.run(bench.provider(BIREFNET_MODEL).run(small_photo(), BIREFNET_MODEL, 20, bench.told.append, trail))
    assert bench.server.creations == []


def test_another_prediction_in_the_list_is_never_taken_for_ours(bench: Bench) -> None:
    bench.run(BIREFNET_MODEL)
    bench.server.script(BIREFNET, drop_on_create())
    with pytest.raises(ConnectionLost):
        bench.run(BIREFNET_MODEL)


@pytest.mark.parametrize(
    "answer",
    [Drop(), Reply(500), *(Reply(200, body) for body in (b'{"results": 7}', b'{"results": [], "next": 7}', b"[]"))],
)
def test_when_the_list_cannot_be_read_either_nobody_knows(
    bench: Bench, answer: Reply | Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.server, "_list", lambda _: answer)
    bench.server.script(BIREFNET, drop_on_create(made=True))
    with pytest.raises(Unsure) as caught:
        bench.run(BIREFNET_MODEL)
    assert caught.value.facts["cause"] == "connection_lost"


def test_an_input_in_the_list_that_is_no_ascii_is_not_ours_and_does_no_harm(bench: Bench) -> None:
    bench.run(BIREFNET_MODEL)
    bench.server.jobs[0].inputs = {"image": "data:image/png;base64,é"}
    bench.server.script(BIREFNET, drop_on_create())
    with pytest.raises(ConnectionLost):
        bench.run(BIREFNET_MODEL)


def test_what_was_bought_long_ago_and_is_removed_does_not_make_a_dropped_creation_unclear(bench: Bench) -> None:
    bench.run(BIREFNET_MODEL)
    old = bench.server.jobs[0]
    old.created_at, old.data_removed = (datetime.now(UTC) - timedelta(days=2)).isoformat(), True
    bench.server.script(BIREFNET, drop_on_create())
    with pytest.raises(ConnectionLost):
        bench.run(BIREFNET_MODEL)


def test_in_a_storm_of_refusals_fewer_than_a_fifth_of_the_creations_are_sent_again(bench: Bench) -> None:
    bench.server.always(BIREFNET, throttle(5))
    provider = bench.provider(BIREFNET_MODEL)
    for _ in range(50):
        with pytest.raises(Throttled):
            asyncio.run(provider.run(small_photo(), BIREFNET_MODEL, 60, bench.told.append))
    assert 50 < len(bench.server.creations) < 60


def test_retries_of_all_calls_together_stay_under_a_fifth() -> None:
    budget = RetryBudget()
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    assert 0 < sum(one_more(budget) for _ in range(100)) < 20


def one_more(budget: RetryBudget) -> bool:
    budget.earn()
    return budget.spend()


@pytest.mark.parametrize("behaviour", [http(422), http(402), throttle(9)])
def test_a_creation_that_was_refused_leaves_nothing_unsure(bench: Bench, behaviour: Behaviour) -> None:
    bench.server.always(BIREFNET, behaviour)
    with pytest.raises(ProviderError) as caught:
        bench.run(BIREFNET_MODEL)
    assert not caught.value.facts.get("unsure")


@pytest.mark.parametrize("bad", [Drop(), problem_reply(500, "no"), problem_reply(503, "no"), Reply(200, b"{")])
def test_a_poll_may_go_wrong_twice(bench: Bench, bad: Reply | Drop) -> None:
    bench.server.script(BIREFNET, Behaviour(polls=(bad, bad)))
    assert bench.run(BIREFNET_MODEL).pixels.size == (64, 48)
    assert (polls_of(bench), len(bench.server.creations)) == (3, 1)


@pytest.mark.parametrize("bad", [Drop(), Reply(502), Reply(200, PICTURE[:99], claims=10**6)])
def test_a_download_may_go_wrong_twice(bench: Bench, bad: Reply | Drop) -> None:
    bench.server.script(BIREFNET, succeed(PICTURE, deliveries=(bad, bad)))
    assert bench.run(BIREFNET_MODEL).pixels.size == (64, 48)


@pytest.mark.parametrize("status", [429, 503, 504])
def test_the_packages_own_ten_retries_never_start(bench: Bench, status: int) -> None:
    endless = problem_reply(status, "no", {"Retry-After": "3600"})
    bench.server.script(BIREFNET, Behaviour(polls=(endless,) * 20))
    with pytest.raises((Throttled, ServerFault)):
        bench.run(BIREFNET_MODEL)
    assert polls_of(bench) == (1 if status == 429 else 3)
    assert max(bench.time.slept) <= 5


def test_a_poll_turned_away_waits_at_least_as_long_as_asked_for(bench: Bench) -> None:
    bench.time.chance = 0.0
    bench.server.script(BIREFNET, Behaviour(polls=(problem_reply(429, "no", {"Retry-After": "3"}),)))
    bench.run(BIREFNET_MODEL)
    assert bench.time.slept[1] == 3.0


@pytest.mark.parametrize(("chance", "pauses"), [(0.0, [0.0, 0.0]), (0.5, [0.5, 1.0]), (1.0, [1.0, 2.0])])
def test_the_pause_before_a_retry_is_full_jitter(bench: Bench, chance: float, pauses: list[float]) -> None:
    bench.time.chance = chance
    bench.server.script(BIREFNET, drop_on_poll(2))
    bench.run(BIREFNET_MODEL)
    assert bench.time.slept[1:3] == pauses


def test_no_pause_and_no_retry_goes_past_the_deadline(bench: Bench) -> None:
    bench.server.script(BIREFNET, drop_on_poll(3))
    with pytest.raises((ConnectionLost, TimedOut)):
        bench.run(BIREFNET_MODEL, deadline_s=1.2)
    assert bench.time.slept == pytest.approx([0.5, 0.7])


def test_a_poll_that_hangs_is_given_up_and_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicate_client, "POLL_S", 0.5)
    bench.server.script(BIREFNET, Behaviour(polls=(Silence(),)))
    assert bench.run(BIREFNET_MODEL).pixels.size == (64, 48)
    assert polls_of(bench) == 2
