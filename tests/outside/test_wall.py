"""Who is asking, who may, how often, and how much."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from outside.headers import NEVER, headers_for
from outside.line import Line
from outside.origins import is_foreign, is_misdirected
from outside.rates import IN_TOTAL, PER_VISITOR, Kind, Rates
from outside.request import Asked, visitor_of
from outside.wall import Wall
from service import Asker
from service.turns import Room
from tests.crowds import crowd, strangers
from tests.serving import Served
from ui import standing
from ui.visitor import asker_named


def asked(method: str = "POST", path: str = "/gradio_api/call/process", visitor: str = "203.0.113.9", **headers: str):
    return Asked(method, path, Headers({name.replace("_", "-"): value for name, value in headers.items()}), visitor)


def forwarded(*lines: str) -> Headers:
    return Headers(raw=[(b"x-forwarded-for", line.encode()) for line in lines])


@pytest.mark.parametrize(
    ("lines", "proxies", "visitor"),
    [
        (["1.2.3.4"], 0, "peer"),
        (["1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6", "1.2.3.4"], 1, "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4, 10.0.0.1"], 2, "1.2.3.4"),
        ([], 1, "peer"),
        (["1.2.3.4"], 2, "peer"),
    ],
)
def test_the_visitor_is_the_hop_that_our_proxy_appended(lines: list[str], proxies: int, visitor: str):
    assert visitor_of(forwarded(*lines), "peer", proxies) == visitor


@given(st.text("0123456789abcdef.:, ", max_size=60))
def test_whatever_a_visitor_writes_before_it_the_proxys_word_counts(invented: str):
    assert visitor_of(forwarded(f"{invented}, 1.2.3.4"), "peer", 1) == "1.2.3.4"


@pytest.mark.parametrize(
    ("origin", "foreign"),
    [
        ("https://shop.example", False),
        ("https://SHOP.example:8443", False),
        ("https://evil.example", True),
        ("https://shop.example.evil.example", True),
        ("https://evilshop.example", True),
        ("null", True),
        ("", True),
        ("http://[", True),
        ("http://localhost", True),
        ("https://shop.example:x", True),
    ],
)
def test_only_pages_of_this_site_may_make_a_browser_ask(origin: str, foreign: bool):
    assert is_foreign(asked(host="shop.example", origin=origin)) is foreign


def test_programs_name_no_origin_and_names_behind_proxies_count():
    assert not is_foreign(asked(host="inside:7860"))
    assert not is_foreign(asked(host="inside:7860", origin="https://shop.example"), {"shop.example"})
    assert not is_foreign(asked(host="inside:7860", x_forwarded_host="shop.example", origin="https://shop.example"))


@pytest.mark.parametrize(
    ("host", "origin", "foreign"),
    [
        ("127.0.0.1:7860", "http://localhost:7860", False),
        ("[::1]:7860", "http://127.0.0.1:7860", False),
        ("localhost", "http://localhost", False),
        ("localhost", "https://localhost", False),
        ("127.0.0.1:7860", "http://127.0.0.1:9999", True),
        ("127.0.0.1:7860", "http://localhost:1", True),
        ("127.0.0.1:7860", "https://127.0.0.1", True),
        ("localhost", "http://localhost:9999", True),
        ("shop.example:7860", "http://shop.example:7860", False),
        ("shop.example:7860", "http://shop.example:9999", True),
        ("shop.example:7860", "https://shop.example", True),
        ("shop.example:443", "https://shop.example", False),
    ],
)
def test_another_server_of_the_same_machine_is_another_site(host: str, origin: str, foreign: bool):
    assert is_foreign(asked(host=host, origin=origin)) is foreign


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:7860", "192.168.1.7:7860", "Shop.example", ""])
def test_the_page_is_reached_under_its_own_names_and_by_number(host: str):
    assert not is_misdirected(asked(host=host), {"shop.example"})


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:7860", "127.0.0.1.evil.example", "[", ":"])
def test_a_name_that_anybody_can_point_here_is_not_ours(host: str):
    assert is_misdirected(asked(host=host), {"shop.example"})


def test_behind_a_proxy_the_name_is_the_one_that_it_forwards():
    given = asked(host="inside:7860", x_forwarded_host="shop.example")
    assert not is_misdirected(given, {"shop.example"}, proxies=1)
    assert is_misdirected(given, {"shop.example"})
    assert is_misdirected(asked(host="shop.example", x_forwarded_host="evil.example"), {"shop.example"}, proxies=1)


@pytest.mark.parametrize(
    ("listens", "public", "proxies", "answers"),
    [
        ("127.0.0.1", [], 0, False),
        (None, [], 0, True),
        ("127.0.0.1", ["evil.example"], 0, True),
        ("127.0.0.1", [], 1, True),
        ("0.0.0.0", [], 0, True),
        ("0.0.0.0", ["shop.example"], 0, False),
        ("0.0.0.0", ["shop.example"], 1, False),
    ],
)
def test_who_answers_to_a_strangers_name(listens: str, public: list[str], proxies: int, answers: bool):
    page, line = SimpleNamespace(server_name=listens), Line("runs", Room(), Counter)
    wall = Wall(PlainTextResponse("hello"), page, [], rates(9, 9), line, proxies, frozenset(public))
    told = TestClient(wall, base_url="http://evil.example").get("/")
    assert told.status_code == (200 if answers else 421)


def test_a_strangers_name_opens_nothing_on_a_server_of_this_machine(outside: Served):
    evil = {"Host": "evil.example", "Origin": "http://evil.example"}
    for answer in (
        httpx.get(outside.url, headers=evil),
        httpx.post(f"{outside.url}/gradio_api/call/v2/list_models", json={}, headers=evil),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")
        assert "PUBLIC_HOSTS" in answer.json()["detail"]
        assert "evil" not in answer.text


@pytest.mark.parametrize("path", ["/gradio_api/call/v2/list_models", "/runs", "/batches"])
def test_a_page_of_another_server_of_this_machine_changes_nothing(outside: Served, path: str):
    answer = httpx.post(outside.url + path, json={}, headers={"Origin": "http://127.0.0.1:9"})
    assert answer.status_code == 403


def rates(per_visitor: int, in_total: int) -> Rates:
    each, both = RateLimitItemPerMinute(per_visitor), RateLimitItemPerMinute(in_total)
    return Rates(dict.fromkeys(Kind, each), dict.fromkeys(Kind, both))


def passed(rates: Rates, *requests: Asked) -> int:
    return sum(rates.seconds_to_wait(request) is None for request in requests)


def test_a_visitor_who_asks_too_often_is_told_when_to_come_back_and_others_pass():
    limited = rates(3, 100)
    assert passed(limited, *[asked()] * 5) == 3
    assert 1 <= (limited.seconds_to_wait(asked()) or 0) <= 120
    assert passed(limited, asked(visitor="203.0.113.10")) == 1


def test_many_addresses_do_not_get_past_the_sum():
    limited = rates(3, 10)
    assert passed(limited, *[asked(visitor=f"203.0.113.{number}") for number in range(30)]) == 10


def test_whoever_sits_at_this_machine_is_held_to_the_sum_alone():
    limited = rates(1, 5)
    assert passed(limited, *[asked(visitor="127.0.0.1")] * 9) == 5
    assert passed(rates(1, 5), *[asked(visitor="127.0.0.1", x_forwarded_for="1.2.3.4")] * 9) == 1


def test_a_visitor_who_uploaded_too_much_waits_and_others_upload_until_all_together_did():
    limited = Rates(volume_each=RateLimitItemPerHour(100, 6), volume_in_total=RateLimitItemPerHour(250, 6))
    assert limited.seconds_until_room(asked(), 100) is None
    assert limited.spend(asked(), 90) is None
    assert 0 < (limited.seconds_until_room(asked(), 11) or 0) <= 12 * 3600
    assert limited.spend(asked(), 10) is None
    assert limited.spend(asked(), 1)
    assert limited.spend(asked(visitor="203.0.113.10"), 100) is None
    assert limited.spend(asked(visitor="127.0.0.1"), 51)
    assert limited.spend(asked(visitor="127.0.0.1"), 50) is None


def test_every_kind_of_request_has_its_limits():
    assert set(PER_VISITOR) == set(IN_TOTAL) == set(Kind)


def test_those_who_are_on_their_way_to_the_line_count_as_if_they_stood_in_it():
    line = Line("runs", Room(waiting=4), lambda: Counter([Asker("a"), Asker("b")]))
    with line.joining(Asker("c")), line.joining(None):
        assert not line.is_full(Asker("e"))
        with line.joining(Asker("d")):
            assert line.is_full(Asker("e"))
    assert not line.is_full(Asker("e"))


@pytest.mark.parametrize("inside", [0, 2])
def test_a_flooder_finds_no_more_places_at_the_door_than_inside_and_others_find_theirs(inside: int):
    room = Room(waiting=10, of_address=4, of_session=3)
    line = Line("runs", room, lambda: Counter({Asker("flooder", "one"): inside}))
    with ExitStack() as coming:
        for _ in range(3 - inside):
            assert not line.is_full(Asker("flooder", "one"))
            coming.enter_context(line.joining(Asker("flooder", "one")))
        assert line.is_full(Asker("flooder", "one")), "no more of one session"
        assert not line.is_full(Asker("flooder", "two"))
        coming.enter_context(line.joining(Asker("flooder", "two")))
        assert line.is_full(Asker("flooder", "three")), "no more of one address"
        assert not line.is_full(Asker("somebody", "else"))


def test_a_full_line_refuses_runs_at_the_door_and_nothing_else(outside: Served, monkeypatch: pytest.MonkeyPatch):
    turns = outside.core.service.turns
    crowd(monkeypatch, turns, strangers(turns))
    full = httpx.post(f"{outside.url}/gradio_api/call/v2/process", json={"photo": None})
    assert (full.status_code, full.headers["content-type"]) == (503, "application/problem+json")
    assert "(64 in line)" in full.json()["detail"]
    assert httpx.post(f"{outside.url}/gradio_api/call/v2/list_models", json={}).status_code == 200


def test_a_session_with_all_its_places_is_refused_at_the_door_and_another_of_its_address_is_let_in(
    outside: Served, monkeypatch: pytest.MonkeyPatch
):
    turns, flooders = outside.core.service.turns, asker_named("127.0.0.1", "a-page-of-theirs")
    crowd(monkeypatch, turns, [flooders] * turns.room.of_session)
    told = {
        session: httpx.post(
            f"{outside.url}/gradio_api/call/process",
            json={"data": [None, "auto", None, "balanced", None, True, False, None], "session_hash": session},
        ).status_code
        for session in ("a-page-of-theirs", "another-page")
    }
    assert told == {"a-page-of-theirs": 503, "another-page": 200}


def test_a_call_is_counted_once_on_its_way_through_gradio_into_the_line():
    def event(session: str) -> SimpleNamespace:
        request = SimpleNamespace(client=SimpleNamespace(host="203.0.113.1"))
        return SimpleNamespace(request=request, session_hash=session, concurrency_id="runs")

    waits, works, comes, queued = (
        asker_named("203.0.113.1", session) for session in ("waits", "works", "comes", "queued")
    )
    jobs = [[event("waits")], None, [event("works")], [event("comes")]]
    queue = SimpleNamespace(
        active_jobs=jobs, event_queue_per_concurrency_id={"runs": SimpleNamespace(queue=[event("queued")])}
    )
    turns = SimpleNamespace(standing=Counter([waits]), running=Counter([works]))
    assert standing(SimpleNamespace(_queue=queue), "runs", turns) == Counter([waits, comes, queued])


@pytest.mark.parametrize("path", ["/", "/config", "/models", "/no/such/page", "/gradio_api/file=/etc/passwd"])
def test_every_answer_has_the_headers(outside: Served, path: str):
    answer = httpx.get(outside.url + path, headers={"Origin": "https://evil.example"})
    for name, value in headers_for(path).items():
        assert answer.headers[name] == value
    assert not set(map(str.lower, NEVER)) & set(answer.headers)


def test_the_page_may_be_framed_by_the_hub_and_loads_nothing_from_elsewhere(outside: Served):
    told = httpx.get(outside.url).headers["content-security-policy"]
    assert "frame-ancestors 'self' https://huggingface.co" in told
    assert "default-src 'self'" in told
    assert "http:" not in told


def test_a_forwarded_host_is_not_built_into_the_page(outside: Served):
    assert "evil.example" not in httpx.get(outside.url, headers={"X-Forwarded-Host": "evil.example"}).text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_refusal_is_a_problem_in_the_visitors_language(outside: Served, language: str):
    answer = httpx.get(f"{outside.url}/monitoring", headers={"Accept-Language": language})
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail"}
    assert ("ничего нет" in answer.text) is (language == "ru")


@pytest.mark.parametrize(("path", "status"), [("/models/nope", 404), ("/models?active=maybe", 422), ("/models", 405)])
def test_rest_tells_its_faults_as_problems(outside: Served, path: str, status: int):
    answer = httpx.request("DELETE" if status == 405 else "GET", outside.url + path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_what_health_is_not_asked_is_a_problem_too(outside: Served):
    answer = httpx.post(f"{outside.url}/health")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


def test_the_answer_to_a_call_is_there_once_and_to_no_call_never(outside: Served):
    asked = {"data": ["", "", True], "session_hash": "abcdefgh"}
    begun = httpx.post(f"{outside.url}/gradio_api/call/list_models", json=asked).json()
    address = f"{outside.url}/gradio_api/call/list_models/{begun['event_id']}"
    assert "event: complete" in httpx.get(address).text
    for gone in (
        address,
        f"{outside.url}/gradio_api/call/list_models/xx",
        f"{outside.url}/gradio_api/call/list_models",
    ):
        answer = httpx.get(gone)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_call_may_leave_out_what_has_a_default_and_pages_send_everything(outside: Served):
    named = httpx.post(f"{outside.url}/gradio_api/call/v2/list_models", json={"tag": "light"})
    listed = httpx.post(f"{outside.url}/gradio_api/call/list_models", json={"data": ["light", None, True]})
    assert named.json().keys() == listed.json().keys() == {"event_id"}


def test_the_page_fills_its_form_from_an_example_and_passes_nothing_else_by_the_line(outside: Served):
    for number, fn in outside.page.fns.items():
        asked = {"fn_index": number, "data": [0] * len(fn.inputs), "session_hash": "abcdefgh"}
        answer = httpx.post(f"{outside.url}/gradio_api/run/predict", json=asked)
        assert (answer.status_code == 200) is (fn.name == "load_example"), fn.name


def test_web_sockets_are_closed(outside: Served):
    where = urlsplit(outside.url)
    lines = f"GET /ws HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(lines.encode())
        answer = await reader.readline()
        writer.close()
        return answer

    assert b" 40" in asyncio.run(ask())


def test_gradios_own_guard_of_files_is_on(outside: Served):
    """`mount_gradio_app` would leave it off, and any file of the server could then be read by its path."""
    assert outside.page.has_launched
    assert outside.page.allowed_paths == [str(outside.core.store.root.absolute())]


def test_the_owner_passes_the_wall_and_what_is_told_is_kept_by_nobody(outside: Served):
    word = outside.core.settings.admin_token.get_secret_value()
    told = httpx.get(f"{outside.url}/spend", headers={"Authorization": f"Bearer {word}"})
    assert (told.status_code, told.headers["cache-control"]) == (200, "private, no-store")


def test_what_gradio_publishes_names_no_path_and_no_secret(outside: Served):
    for path in ("/config", "/gradio_api/info", "/health", "/openapi.json"):
        told = httpx.get(outside.url + path).text
        assert outside.replicate.token not in told
        assert str(outside.core.settings.data_dir) not in told
        assert json.loads(told)
