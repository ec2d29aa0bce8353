"""Bodies of calls, before anything is made of them."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import httpx
import pytest

from outside.calls import Malformed, checked
from tests.serving import Served

CALL = "/gradio_api/call/process"
USUAL = [None, "auto", "", "balanced", None, True, False, ""]


def call_with(photo: Any) -> bytes:
    return json.dumps({"data": [photo, *USUAL[1:]]}).encode()


def refused_unread(outside: Served, path: str, body: bytes) -> bool:
    """Whether it is refused, and no more is made of it than fits into a megabyte."""
    tracemalloc.start()
    try:
        with pytest.raises(Malformed):
            checked(outside.page, path, body)
        return tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("mark", ["[],", "{},", '{"path":""},', "0,", '{"a":{"b":[]}},'])
@pytest.mark.parametrize("path", [CALL, "/gradio_api/call/v2/process", "/gradio_api/queue/join", "/gradio_api/mcp/"])
def test_a_body_of_a_million_values_is_refused_before_anything_is_made_of_it(outside: Served, path: str, mark: str):
    assert refused_unread(outside, path, ('{"data":[' + mark * 1_000_000 + "1]}").encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_values_are_counted_in_any_encoding_that_json_may_have(outside: Served, encoding: str):
    assert refused_unread(outside, CALL, ('{"data":[' + "[]," * 300_000 + "1]}").encode(encoding))


def test_what_is_nested_deeply_anywhere_in_a_call_is_refused(outside: Served):
    told = {"data": USUAL, "session_hash": "abcdefgh", "event_data": json.loads("[" * 60 + "]" * 60)}
    with pytest.raises(Malformed):
        checked(outside.page, CALL, json.dumps(told).encode())


def test_a_large_photo_as_a_data_uri_passes_untouched_and_is_not_written_anew(outside: Served):
    body = call_with({"url": "data:image/png;base64," + "A" * 26_000_000, "meta": {"_type": "gradio.FileData"}})
    tracemalloc.start()
    try:
        call = checked(outside.page, CALL, body)
        assert tracemalloc.get_traced_memory()[1] < 2.2 * len(body)  # the values, and for a moment the text of the body
    finally:
        tracemalloc.stop()
    assert call.body is body
    assert call.fn.api_name == "process"


def test_a_photo_from_elsewhere_is_named_as_one_that_is_not_there(outside: Served):
    passed = checked(outside.page, CALL, call_with({"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}})).body
    assert json.loads(passed)["data"][0]["path"].endswith("/refused")
    assert json.loads(passed)["data"][1:] == USUAL[1:]


def test_gradios_own_small_requests_may_not_be_large(outside: Served):
    answer = httpx.post(f"{outside.url}/gradio_api/reset", content=b'{"event_id":[' + b"[]," * 10_000 + b"1]}")
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
