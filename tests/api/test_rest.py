"""REST as its callers see it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from api import build_rest
from app import Core
from domain import SelectionRequest
from errors import Busy, Stopping
from registry import ModelRegistry
from service import Asker, Limits, Service, Turns
from service.turns import Room
from tests.photos import jpeg, product_photo
from tests.runs.running import mug, run


@pytest.fixture
def rest(local_core: Core) -> Iterator[TestClient]:
    with TestClient(build_rest(local_core.service)) as client:
        yield client


def ids(answer):
    return [model["id"] for model in answer.json()]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?tag=enhanced", ["flux-kontext-lora-v2"]),
        ("?tag=light&marketplace=ozon", ["birefnet", "birefnet-lite", "embedded"]),
        ("?tag=nothing", []),
        ("?marketplace=nowhere", []),
        ("?active=false", []),
    ],
)
def test_filters_narrow_the_list(rest: TestClient, query: str, found: list[str]):
    assert ids(rest.get(f"/models{query}")) == found


def test_a_model_that_is_switched_off_is_listed_only_as_inactive(rest: TestClient, local_core: Core):
    ModelRegistry(local_core.database).update_model("birefnet", is_active=False)
    assert "birefnet" not in ids(rest.get("/models"))
    assert ids(rest.get("/models?active=false")) == ["birefnet"]
    assert rest.get("/models/birefnet").json()["is_active"] is False


@pytest.mark.parametrize("model_id", ["nope", "<script>", "' OR 1=1 --", "..%2f..%2fetc", "A" * 65, "%00"])
def test_an_id_that_does_not_exist_or_cannot_is_a_404_that_does_not_repeat_it(rest: TestClient, model_id: str):
    answer = rest.get(f"/models/{model_id}")
    assert answer.status_code == 404
    assert model_id not in answer.text


@pytest.mark.parametrize("path", ["/models/nope", "/runs/nope", "/runs/" + "0" * 32])
def test_a_404_is_a_problem(rest: TestClient, path: str):
    answer = rest.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail"}


def test_a_wrong_parameter_is_a_problem_that_names_it(rest: TestClient):
    answer = rest.get("/models?active=maybe")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["detail"] == "“active” takes true or false."
    assert "maybe" not in answer.text


def test_a_run_is_told_as_it_was_when_it_ended(rest: TestClient, local_core: Core):
    result = run(local_core.service)
    told = rest.get(f"/runs/{result.run_id}").json()
    assert told == local_core.service.report(result).model_dump(mode="json")


def test_health_tells_database_providers_and_versions(rest: TestClient):
    told = rest.get("/health").json()
    assert told["status"] == "ok"
    assert told["database"] == {"ok": True, "models": 5}
    assert told["providers"]["local"]["ready"] is True
    assert told["providers"]["replicate"]["models"]["birefnet"] == "no_token"
    assert {"cutout-router", "python", "gradio", "replicate"} <= set(told["versions"])


def test_health_is_degraded_when_the_database_fails(rest: TestClient, local_core: Core):
    with local_core.database.write() as session:
        session.execute(text("ALTER TABLE models RENAME TO gone"))
        session.execute(text("UPDATE registry_version SET version = version + 1"))
    answer = rest.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    assert "SELECT" not in answer.text


def test_the_openapi_document_has_these_routes_only(rest: TestClient):
    assert set(rest.get("/openapi.json").json()["paths"]) == {
        "/models",
        "/models/{model_id}",
        "/runs",
        "/runs/{run_id}",
        "/runs/{run_id}/exports",
        "/runs/{run_id}/exports/{export}",
        "/marketplaces/{marketplace}",
        "/runs/{run_id}/cutout",
        "/health",
    }


def ended(rest: TestClient, location: str) -> dict[str, object]:
    """The run once it is over; asking lets it go on."""
    while (told := rest.get(location).json())["status"] == "running":
        pass
    return told


def test_a_run_is_started_with_the_photo_as_body_and_its_cutout_fetched(rest: TestClient):
    answer = rest.post("/runs?goal=fast", content=mug())
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/runs/{answer.json()['run_id']}"
    assert ended(rest, answer.headers["location"])["status"] == "succeeded"
    cutout = rest.get(f"{answer.headers['location']}/cutout")
    assert (cutout.headers["content-type"], cutout.content[:4]) == ("image/png", b"\x89PNG")


def test_a_run_of_a_hard_photo_has_warnings_and_one_of_a_good_photo_has_none(rest: TestClient):
    small = rest.post("/runs", content=jpeg(product_photo(64, 48))).headers["location"]
    fine = rest.post("/runs", content=mug()).headers["location"]
    told = ended(rest, small)["warnings"]
    assert isinstance(told, list)
    assert told[0].startswith("This photo is very small (64×48), so the edges are coarse.")
    assert ended(rest, fine)["warnings"] == []


def test_a_form_with_the_same_key_is_the_same_run_and_another_photo_under_it_an_error(rest: TestClient):
    def post(photo: bytes) -> tuple[int, str]:
        answer = rest.post("/runs", files={"photo": photo}, headers={"Idempotency-Key": "order-7"})
        return answer.status_code, answer.json().get("run_id", answer.json().get("detail"))

    first = post(mug())
    assert post(mug()) == first
    assert post(mug() + b"\0") == (422, "This idempotency key was used for another photo or other wishes.")
    assert ended(rest, f"/runs/{first[1]}")["status"] == "succeeded"
    again = rest.post("/runs", files={"photo": mug()}, headers={"Idempotency-Key": "order-7"})
    assert again.json() == {"run_id": first[1], "status": "succeeded"}


def test_a_key_of_another_address_is_another_key_and_tells_nothing_of_its_run(rest: TestClient, local_core: Core):
    other = TestClient(build_rest(local_core.service), client=("198.51.100.7", 50000))
    with other:
        answers = [one.post("/runs", content=mug(), headers={"Idempotency-Key": "order-7"}) for one in (rest, other)]
        assert [answer.status_code for answer in answers] == [202, 202]
        mine, theirs = (answer.json()["run_id"] for answer in answers)
        assert mine != theirs
        assert {ended(one, f"/runs/{run_id}")["status"] for one, run_id in ((rest, mine), (other, theirs))} == {
            "succeeded"
        }


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"content": b"hello"}, 422, "not a picture"),
        ({"content": b""}, 422, "empty"),
        ({"content": b"x", "params": {"goal": "cheap"}}, 422, "goal"),
        ({"content": b"x", "params": {"complexity": "7"}}, 422, "complexity"),
        ({"content": b"x", "headers": {"Idempotency-Key": "k" * 201}}, 400, "Idempotency-Key"),
        ({"content": b"x", "headers": {"Origin": "https://evil.example"}}, 403, "other sites"),
        ({"content": b"x", "headers": {"Content-Length": "21000001"}}, 413, "21 MB"),
        ({"content": iter([b"x"])}, 411, "how long"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "form"),
        ({"files": {"other": b"x"}}, 422, "empty"),
    ],
)
def test_a_start_that_cannot_be_is_a_problem(rest: TestClient, sent, status: int, said: str):
    answer = rest.post("/runs", **sent)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("run_id", ["nope", "0" * 32, "..%2f.."])
def test_a_cutout_that_is_not_there_is_a_404(rest: TestClient, run_id: str):
    assert rest.get(f"/runs/{run_id}/cutout").status_code == 404


def test_the_pictures_of_a_run_go_when_its_id_says_so(rest: TestClient):
    location = rest.post("/runs", content=mug()).headers["location"]
    ended(rest, location)
    assert rest.delete(location).status_code == 204
    gone = rest.delete(location)
    assert (gone.status_code, gone.headers["content-type"]) == (404, "application/problem+json")
    assert rest.get(f"{location}/cutout").status_code == 404
    assert rest.get(location).json()["status"] == "succeeded"


def test_while_the_program_stops_a_start_is_refused_at_once_also_one_that_waits_in_line(local_core: Core):
    service = local_core.service
    service.turns = Turns(Room(at_once=1))

    async def refused() -> None:
        async with service.turns.place(Asker("somebody", "else")), asyncio.timeout(service._limits.start_within_s / 2):
            waiting = asyncio.create_task(service.start(mug(), SelectionRequest()))
            await asyncio.sleep(0)
            assert service.turns.waiting == 1
            await service.stop(0)
            with pytest.raises(Stopping):
                await waiting

    asyncio.run(refused())
    with TestClient(build_rest(service)) as rest:
        answer = rest.post("/runs", content=mug())
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"]
    assert answer.json()["detail"].startswith("The program is being restarted.")


def test_a_start_waits_in_the_pages_line_and_not_for_long(local_core: Core):
    """One place, and somebody sits in it."""
    registry, privacy, rules = (
        ModelRegistry(local_core.database),
        local_core.service.privacy,
        local_core.service.exports.rules,
    )
    service = Service(registry, local_core.tools, Limits(start_within_s=0), privacy, rules)
    service.turns = Turns(Room(at_once=1))

    async def refused() -> Busy:
        async with service.turns.place(Asker("somebody", "else")):
            with pytest.raises(Busy) as caught:
                await service.start(mug(), SelectionRequest())
        assert service.turns.waiting == 0
        await service.start(mug(), SelectionRequest())
        await service.settle()
        return caught.value

    assert asyncio.run(refused()).facts["waiting"] == 1
