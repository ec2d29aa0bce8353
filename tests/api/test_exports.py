"""Files for marketplaces as REST's callers see them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api import build_rest
from api.problems import MOST_BODY_BYTES
from app import Core
from runs import RunResult
from settings import Settings
from tests.cores import core_of
from tests.runs.running import run


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    core = core_of(Settings(data_dir=tmp_path_factory.mktemp("rest")))
    yield core
    core.database.close()


@pytest.fixture(scope="module")
def result(core: Core) -> RunResult:
    return run(core.service)


@pytest.fixture
def rest(core: Core) -> Iterator[TestClient]:
    with TestClient(build_rest(core.service)) as client:
        yield client


def test_a_post_makes_a_file_and_a_get_gives_it(rest: TestClient, result: RunResult):
    made = rest.post(f"/runs/{result.run_id}/exports", json={"marketplace": "ozon", "shadow": True})
    assert made.status_code == 201
    told = made.json()
    got = rest.get(f"/runs/{result.run_id}/exports/{told['export']}")
    assert (got.headers["content-type"], got.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
    assert told["file_name"] in got.headers["content-disposition"]
    assert len(got.content) == told["file"]["size_bytes"]
    with Image.open(io.BytesIO(got.content)) as picture:
        assert picture.size == (told["file"]["width"], told["file"]["height"])


def test_the_report_has_pass_fail_and_unknown_with_source_and_date(rest: TestClient, result: RunResult):
    told = rest.post(f"/runs/{result.run_id}/exports", json={"marketplace": "amazon"}).json()
    assert {check["verdict"] for check in told["checks"]} == {"pass", "fail", "unknown"}
    for check in told["checks"]:
        assert check["wanted_value"] is None or (check["source"] and check["seen"] == "2026-11")
    assert told["accepted"] is False


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"marketplace": "mars"}, "There is no marketplace with this name."),
        ({"width": 5, "height": 300}, "“width” takes a number that is at least 100."),
        ({"width": 300}, "Width and height go together"),
        ({"background": {"kind": "picture"}}, "Please choose a picture for the background first."),
        ({"background": {"kind": "plaid"}}, "“kind” takes one of these: white, colour, gradient, picture."),
        ({"background": {"colour": "red"}}, "“colour” takes a colour such as #FFCC00."),
        ({"path": "/etc/passwd"}, "Nothing called “path” is known here. Please leave it out."),
        ({"step": -1}, "“step” takes a number that is at least 0."),
        ([], "“body” takes a JSON object."),
    ],
)
def test_what_cannot_be_is_a_problem_that_names_the_field(rest: TestClient, result: RunResult, body, detail: str):
    answer = rest.post(f"/runs/{result.run_id}/exports", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize("content", [b"{", b"\xff", b""])
def test_a_body_that_is_no_json_is_a_problem(rest: TestClient, result: RunResult, content: bytes):
    answer = rest.post(f"/runs/{result.run_id}/exports", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_given_up(rest: TestClient, result: RunResult):
    answer = rest.post(f"/runs/{result.run_id}/exports", content=b" " * (MOST_BODY_BYTES + 1))
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


@pytest.mark.parametrize("run_id", ["0" * 32, "nope", "..%2f..%2fetc"])
def test_a_run_that_does_not_exist_is_a_404(rest: TestClient, run_id: str):
    assert rest.post(f"/runs/{run_id}/exports", json={}).status_code == 404
    assert rest.get(f"/runs/{run_id}/exports/1").status_code == 404


@pytest.mark.parametrize("number", ["9999", "0", "-1", "x"])
def test_an_export_that_does_not_exist_is_a_problem(rest: TestClient, result: RunResult, number: str):
    answer = rest.get(f"/runs/{result.run_id}/exports/{number}")
    assert (answer.status_code, answer.headers["content-type"]) in [
        (404, "application/problem+json"),
        (422, "application/problem+json"),
    ]


def test_the_rules_of_a_marketplace_are_told_with_their_sources(rest: TestClient):
    rules = rest.get("/marketplaces/google_merchant").json()
    sized = next(rule for rule in rules if rule["check"] == "min_size")
    assert (sized["applies_from"], sized["confidence"], sized["verdict"]) == ("2027-01-31", "official", None)
    assert rest.get("/marketplaces/mars").status_code == 404
