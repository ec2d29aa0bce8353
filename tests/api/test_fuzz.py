"""Whatever is asked of REST, it answers with what its OpenAPI document promises, and never with a fault of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from api import build_rest
from api.batches import SAID
from api.starting import WISHES
from settings import Settings
from tests.cores import core_of

AT_ANY_PACE = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
PROMISES = (not_a_server_error, content_type_conformance, response_schema_conformance)


@pytest.fixture(scope="module")
def rest_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    core = core_of(Settings(data_dir=tmp_path_factory.mktemp("fuzz")))
    yield build_rest(core.service, "the owner's token", core.batches)
    core.database.close()


@pytest.fixture(scope="module")
def client(rest_app: object) -> Iterator[TestClient]:
    with TestClient(rest_app, raise_server_exceptions=False) as client:
        yield client


def named(operation: Any) -> str:
    return f"{operation.method.upper()} {operation.path}"


def operations(rest_app: object) -> list[Any]:
    """Of the document, each with its parameters."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", rest_app)
    return [found.ok() for found in schema.get_all_operations()]


OPERATIONS = (
    "GET /models",
    "GET /models/{model_id}",
    "POST /runs",
    "GET /runs/{run_id}",
    "DELETE /runs/{run_id}",
    "GET /runs/{run_id}/cutout",
    "GET /health",
    "GET /marketplaces/{marketplace}",
    "POST /runs/{run_id}/exports",
    "GET /runs/{run_id}/exports/{export}",
    "POST /batches",
    "GET /batches/{batch_id}",
    "DELETE /batches/{batch_id}",
    "POST /batches/{batch_id}/{action}",
    "GET /batches/{batch_id}/archive",
    "GET /batches/{batch_id}/photos/{number}/thumbnail",
)


def test_the_document_has_these_operations(rest_app: object):
    assert {named(one) for one in operations(rest_app)} == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_of_the_document_keeps_its_promises(rest_app: object, name: str):
    (operation,) = [one for one in operations(rest_app) if named(one) == name]

    @AT_ANY_PACE
    @given(case=operation.as_strategy())
    def promised(case: Any) -> None:
        case.call_and_validate(checks=PROMISES)

    promised()


PARTS = st.binary(min_size=1, max_size=80).map(quote_from_bytes)


@pytest.mark.parametrize("start", ["/models/", "/runs/", "/"])
@AT_ANY_PACE
@given(part=PARTS)
def test_no_word_in_an_address_breaks_anything(client: TestClient, start: str, part: str):
    assert client.get(start + part).status_code < 500


@pytest.mark.parametrize("name", ["tag", "marketplace", "active", "unheard_of"])
@AT_ANY_PACE
@given(value=st.one_of(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(), st.floats(), st.booleans()))
def test_no_value_of_a_parameter_breaks_anything(client: TestClient, name: str, value: object):
    answer = client.get("/models", params={name: str(value)})
    assert answer.status_code in {200, 422}
    if answer.status_code == 422:
        assert answer.headers["content-type"] == "application/problem+json"


WORDS = st.text(st.characters(codec="utf-8"), max_size=60)


@pytest.mark.parametrize("as_form", [True, False])
@AT_ANY_PACE
@given(wishes=st.dictionaries(st.sampled_from([*WISHES, "photo", "unheard_of"]), WORDS), photo=st.binary(max_size=60))
def test_no_wish_and_no_file_breaks_the_start_of_a_run(
    client: TestClient, as_form: bool, wishes: dict[str, str], photo: bytes
):
    sent = {"data": wishes, "files": {"photo": photo}} if as_form else {"params": wishes, "content": photo}
    answer = client.post("/runs", **sent)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), [("POST", "/runs"), ("GET", "/spend")])
@AT_ANY_PACE
@given(
    name=st.sampled_from(["Authorization", "Idempotency-Key", "Content-Type", "Origin", "Content-Length", "Host"]),
    value=st.binary(max_size=60).map(lambda data: data.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")),
)
def test_no_header_opens_or_breaks_what_needs_one(client: TestClient, method: str, path: str, name: str, value: bytes):
    answer = client.request(method, path, headers=[(name.encode(), value)], content=b"x" if method == "POST" else None)
    assert 400 <= answer.status_code < 500


@AT_ANY_PACE
@given(wishes=st.dictionaries(st.sampled_from([*SAID, "unheard_of"]), WORDS), body=st.binary(max_size=60))
def test_no_wish_and_no_body_breaks_a_batch(client: TestClient, wishes: dict[str, str], body: bytes):
    """A body that is no photo is a batch with a line that says so."""
    answer = client.post("/batches", params=wishes, content=body)
    assert answer.status_code in {201, 409, 422, 429}
    assert answer.status_code == 201 or answer.headers["content-type"] == "application/problem+json"


@AT_ANY_PACE
@given(
    headers=st.dictionaries(
        st.sampled_from(["Accept", "Accept-Language", "Range", "Cookie", "X-Forwarded-For"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    )
)
def test_no_header_breaks_anything(client: TestClient, headers: dict[str, str]):
    assert client.get("/models", headers=headers).status_code == 200
