"""What only the owner sees."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from api import build_rest
from app import Core
from runs import Payer
from tests.conftest import SettingsMaker
from tests.cores import core_of

TOKEN = "owner-öæ-secret"


def client(core: Core, token: str = TOKEN) -> TestClient:
    return TestClient(build_rest(core.service, token))


def asked(core: Core, authorization: str):
    return client(core).get("/spend", headers={"Authorization": authorization.encode()})


def test_the_owner_sees_what_is_paid_reserved_and_unsure_by_model(local_core: Core):
    books = local_core.tools.ledger
    books.reserve(Payer("a"), {"v2": 0.03, "v1": 0.03, "birefnet": 0.002})
    books.settle("a", "v2", 0.03)
    books.hold("a", "birefnet", 0.002)
    told = asked(local_core, f"Bearer {TOKEN}").json()
    assert told["day"] == told["month"] == {"paid_usd": 0.03, "reserved_usd": 0.03, "unsure_usd": 0.002}
    assert told["models"]["v1"] == {"paid_usd": 0.0, "reserved_usd": 0.03, "unsure_usd": 0.0}


def test_the_owner_sees_the_caps_that_are_set(make_settings: SettingsMaker):
    core = core_of(make_settings(spend_cap_day_usd=5, spend_cap_run_usd=0.1))
    assert asked(core, f"Bearer {TOKEN}").json()["caps_usd"] == {"run": 0.1, "day": 5.0}
    core.database.close()


@pytest.mark.parametrize("authorization", ["", "Bearer", f"Bearer {TOKEN}x", "Bearer ", TOKEN, f"Basic {TOKEN}"])
def test_nobody_else_does_and_the_answer_does_not_repeat_the_token(local_core: Core, authorization: str):
    answer = asked(local_core, authorization)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_without_a_token_of_the_owner_there_is_no_such_route(local_core: Core):
    assert client(local_core, "").get("/spend", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_openapi_document_does_not_tell_of_it(local_core: Core):
    assert "/spend" not in client(local_core).get("/openapi.json").text


def test_the_log_of_a_start_tells_what_was_spent_and_never_the_token(make_settings: SettingsMaker):
    with capture_logs() as lines:
        core_of(make_settings(admin_token=TOKEN)).database.close()
    told = next(line for line in lines if line["event"] == "spend.now")
    assert told["day"] == {"paid_usd": 0.0, "reserved_usd": 0.0, "unsure_usd": 0.0}
    assert TOKEN not in str(lines)
