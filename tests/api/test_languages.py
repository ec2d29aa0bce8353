"""REST answers in the language of who asks, in sentences that say what would work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import build_rest
from app import Core
from settings import Settings
from tests.cores import core_of
from tests.runs.running import mug

NOBODY = "0" * 32
RUSSIAN = {"accept-language": "ru-RU,ru;q=0.9,en;q=0.8"}
MACHINES_WORDS = re.compile(r"Input should|String should|value_error|JSON decode|pattern|\^\[|\bbody:")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    core = core_of(Settings(data_dir=tmp_path_factory.mktemp("languages")))
    yield core
    core.database.close()


@pytest.fixture(scope="module")
def rest(core: Core) -> Iterator[TestClient]:
    with TestClient(build_rest(core.service, "the owner's token", core.batches)) as client:
        yield client


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/models/nope", {}),
    ("GET", "/models?active=maybe", {}),
    ("GET", f"/models?tag={'x' * 41}", {}),
    ("GET", f"/runs/{NOBODY}", {}),
    ("GET", f"/runs/{NOBODY}/cutout", {}),
    ("DELETE", f"/runs/{NOBODY}", {}),
    ("POST", "/runs", {"content": b"hello"}),
    ("POST", "/runs?goal=cheap", {"content": b"x"}),
    ("POST", "/runs?complexity=7", {"content": b"x"}),
    ("POST", "/runs?complexity=very", {"content": b"x"}),
    ("POST", "/runs?model_id=UPPER", {"content": b"x"}),
    ("POST", "/runs", {"content": iter([b"x"])}),
    ("POST", "/runs", {"content": b"x", "headers": {"content-length": "9" * 12}}),
    ("POST", "/runs", {"content": b"x", "headers": {"origin": "https://evil.example"}}),
    ("POST", "/runs", {"content": b"x", "headers": {"idempotency-key": "k" * 201}}),
    ("POST", "/runs", {"content": b"x", "headers": {"content-type": "multipart/form-data"}}),
    ("GET", "/marketplaces/mars", {}),
    ("POST", f"/runs/{NOBODY}/exports", {"json": {}}),
    ("POST", f"/runs/{NOBODY}/exports", {"json": {"marketplace": "mars"}}),
    ("POST", f"/runs/{NOBODY}/exports", {"json": {"width": 300}}),
    ("POST", f"/runs/{NOBODY}/exports", {"json": {"width": 300.5, "height": 300}}),
    ("POST", f"/runs/{NOBODY}/exports", {"json": {"fill": "x"}}),
    ("POST", f"/runs/{NOBODY}/exports", {"json": {"background": {"colour": "red"}}}),
    ("POST", f"/runs/{NOBODY}/exports", {"json": {"nothing": 1}}),
    ("POST", f"/runs/{NOBODY}/exports", {"json": []}),
    ("POST", f"/runs/{NOBODY}/exports", {"content": b"{", "headers": {"content-type": "application/json"}}),
    ("POST", f"/runs/{NOBODY}/exports", {"content": b" " * 70_000, "headers": {"content-type": "application/json"}}),
    ("GET", f"/runs/{NOBODY}/exports/1", {}),
    ("GET", f"/runs/{NOBODY}/exports/x", {}),
    ("GET", "/batches/nothing", {}),
    ("GET", f"/batches/{NOBODY}?language=tlh", {}),
    ("POST", f"/batches/{NOBODY}/burn", {}),
    ("POST", f"/batches/{NOBODY}/start", {}),
    ("DELETE", f"/batches/{NOBODY}", {}),
    ("GET", f"/batches/{NOBODY}/archive", {}),
    ("GET", f"/batches/{NOBODY}/photos/0/thumbnail", {}),
    ("POST", "/batches?marketplaces=mars", {"content": b"x"}),
    ("POST", "/batches?shadow=perhaps", {"content": b"x"}),
    ("POST", "/batches?background=purple", {"content": b"x"}),
    ("POST", "/batches?background=picture", {"content": b"x"}),
    ("POST", "/batches?second_colour=red", {"content": b"x"}),
    ("POST", "/batches", {"files": [("photos", (f"{number}.jpg", b"x")) for number in range(501)]}),
    ("POST", "/batches", {"content": iter([b"x"])}),
    ("GET", "/spend", {}),
]


@pytest.mark.parametrize(("method", "path", "sent"), REFUSED)
def test_a_refusal_is_a_sentence_in_the_language_of_who_asks(
    rest: TestClient, method: str, path: str, sent: dict[str, Any]
):
    def told(spoken: dict[str, str]) -> str:
        given = {**sent, "headers": {**sent.get("headers", {}), **spoken}}
        if not isinstance(given.get("content", b""), bytes):
            given["content"] = iter([b"x"])
        answer = rest.request(method, path, **given)
        assert (answer.status_code // 100, answer.headers["content-type"]) == (4, "application/problem+json")
        return str(answer.json()["detail"])

    english, russian = told({}), told(RUSSIAN)
    assert not re.search("[а-яё]", english)
    assert re.search("[а-яё]{3}", russian)
    for sentence in (english, russian):
        assert sentence.endswith(".")
        assert not MACHINES_WORDS.search(sentence)


def test_a_file_of_a_batch_that_is_no_photo_says_why_in_the_language_of_who_asks(rest: TestClient):
    told = rest.post("/batches", content=b"no zip", headers=RUSSIAN).json()
    assert told["items"][0]["explanation"].startswith("Это не картинка")
    address = f"/batches/{told['batch_id']}"
    assert rest.get(address, headers=RUSSIAN).json()["items"][0]["explanation"].startswith("Это не картинка")
    said = rest.get(f"{address}?language=en", headers=RUSSIAN).json()["items"][0]["explanation"]
    assert said.startswith("This file is not a picture")


def test_a_run_is_told_in_the_language_of_who_asks(rest: TestClient, core: Core):
    address = rest.post("/runs", content=mug()).headers["location"]
    while rest.get(address).json()["status"] == "running":
        pass
    assert re.search("[а-яё]{3}", rest.get(address, headers=RUSSIAN).json()["explanation"])
