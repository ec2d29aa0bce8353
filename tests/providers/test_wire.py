"""Every case of the wire ends in its leaf of the error tree, and every leaf has a case."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from pydantic import SecretStr

import errors
from errors import ProviderError
from providers import ReplicateConfig
from providers.download import Downloader
from providers.table import tls_context
from tests.fakes.behaviours import (
    Behaviour,
    Drop,
    Reply,
    Silence,
    drop_on_create,
    drop_on_poll,
    fail,
    forever,
    hang,
    http,
    nsfw,
    output,
    problem_reply,
    succeed,
    throttle,
)
from tests.fakes.replicate_server import BIREFNET, ReplicateServer
from tests.photos import cutout_rgba, png, product_matte, product_photo
from tests.providers.conftest import BIREFNET_MODEL, Bench

PICTURE = png(cutout_rgba(product_photo(64, 48), product_matte(64, 48)))
HTML = b"<!DOCTYPE html><title>Sign in</title>"
DEEP = b'{"id": ' + b"[" * 60_000 + b"]" * 60_000 + b"}"
NO_JSON = {
    "no text": b'{"id": "\xff\xfe"}',
    "nested too deep": DEEP,
    "a number too long": b'{"id": ' + b"9" * 6000 + b"}",
}
LOCAL_LEAVES = {"EngineFault", "WeightsFault", "NoTurn"}


@dataclass(frozen=True)
class Case:
    """What the server does, the leaf it ends in, and what the detail must name."""

    name: str
    behaviour: Behaviour
    leaf: str
    says: str = ""
    deadline_s: float = 60.0


def created(status: int, body: bytes, media_type: str = "application/json") -> Behaviour:
    return Behaviour(creation=Reply(status, body, {"Content-Type": media_type}))


def polled(*answers: Reply) -> Behaviour:
    return Behaviour(polls=answers)


def delivered(*answers: Reply | Drop) -> Behaviour:
    return succeed(PICTURE, deliveries=answers)


FROM_THE_FUTURE = replace(
    created(201, b'{"id": "x", "model": "a/b", "version": "v", "status": "queued", "input": {}}'),
    made=True,
    status="queued",
    output=None,
)
"""A prediction whose status the package does not know, so that it does not even tell the id."""

CASES = [
    Case("400", http(400), "InvalidInput", "HTTP 400"),
    Case("401", http(401), "Unauthenticated", "HTTP 401"),
    Case("402", http(402, "You have insufficient credit", "Insufficient credit"), "OutOfCredit", "insufficient"),
    Case("403", http(403), "Forbidden"),
    Case("404", http(404), "ModelGone"),
    Case("408", http(408), "ServerFault"),
    Case("409", http(409), "InvalidInput"),
    Case("410", http(410), "ModelGone"),
    Case("422", http(422, "- input.image: must be a URI", "Input validation failed"), "InvalidInput", "must be a URI"),
    Case("422 for a version", http(422, "Invalid version or not permitted"), "ModelGone"),
    Case("422 for the content", http(422, "The input was flagged as sensitive. (E005)"), "ContentRefused"),
    Case("422 nested too deep", created(422, DEEP), "InvalidInput", "application/json"),
    Case("422 with a list as its body", created(422, b"[1, 2]"), "InvalidInput", "application/json"),
    Case("429 twice", throttle(1), "Throttled", "throttled"),
    Case("429 for long", throttle(7), "Throttled"),
    Case("429 without a time, twice", throttle(), "Throttled"),
    Case("500", http(500), "ServerFault", "HTTP 500"),
    Case("502 with HTML", created(502, HTML, "text/html"), "ServerFault", "text/html"),
    Case("503", http(503), "ServerFault"),
    Case("302", Behaviour(creation=Reply(302, headers={"Location": "/elsewhere"})), "ServerFault", "HTTP 302"),
    Case("created, broken JSON", created(201, b'{"id": "x'), "ServerFault", "unreadable"),
    Case("created, HTML", created(201, HTML, "text/html"), "ServerFault", "unreadable"),
    Case("created, empty", created(201, b""), "ServerFault", "unreadable"),
    Case("created, a list", created(201, b"[]"), "ServerFault", "unreadable"),
    Case("created, an object of another kind", created(201, b'{"hello": 1}'), "ServerFault", "id"),
    *(Case(f"created, {name}", created(201, body), "ServerFault", "unreadable") for name, body in NO_JSON.items()),
    Case("dropped at creation", drop_on_create(), "ConnectionLost", "RemoteProtocolError"),
    Case("silent at creation", hang(), "Unsure", "no time", deadline_s=0.1),
    *(
        Case(f"polled, {status}", polled(problem_reply(status, "no")), "PredictionFailed", f"gone: HTTP {status}")
        for status in (400, 404, 409, 410, 422)
    ),
    Case("polled, 422 for the content", polled(problem_reply(422, "NSFW")), "PredictionFailed", "gone"),
    Case("created in a status of the future", FROM_THE_FUTURE, "PredictionFailed", "queued"),
    Case("polled, 401", polled(problem_reply(401, "no")), "Unauthenticated"),
    Case("polled, 500 three times", polled(*[problem_reply(500, "no")] * 3), "ServerFault"),
    Case("polled, 503 three times", polled(*[problem_reply(503, "no")] * 3), "ServerFault"),
    Case("polled, 429 three times", polled(*[problem_reply(429, "no")] * 3), "Throttled"),
    Case("polled, broken JSON three times", polled(*[Reply(200, b"{")] * 3), "ServerFault", "unreadable"),
    *(
        Case(f"polled, {name}, three times", polled(*[Reply(200, body)] * 3), "ServerFault", "unreadable")
        for name, body in NO_JSON.items()
    ),
    Case("dropped three times while polling", drop_on_poll(3), "ConnectionLost"),
    Case("never ready", forever(), "TimedOut"),
    Case("never started", forever("starting"), "TimedOut"),
    Case("failed", fail("CUDA out of memory"), "PredictionFailed", "CUDA out of memory"),
    Case("failed without a word", fail(None), "PredictionFailed", "failed"),
    Case("failed with an object as its error", fail({"message": "odd"}), "ServerFault", "unreadable answer: error"),
    Case("canceled", fail(None, "canceled"), "PredictionFailed", "canceled"),
    Case("aborted", fail(None, "aborted"), "PredictionFailed", "aborted"),
    Case("unknown status", fail(None, "paused"), "PredictionFailed", "paused"),
    Case("not safe for work", nsfw(), "ContentRefused", "NSFW"),
    Case("sensitive", fail("The output was flagged as sensitive. (E005)"), "ContentRefused"),
    Case("output null", output(None), "BadOutput", "null"),
    Case("output empty text", output(""), "BadOutput", "empty text"),
    Case("output text", output("a red mug"), "BadOutput", "text"),
    Case("output number", output(7), "BadOutput", "a number"),
    Case("output object", output({"image": "https://x"}), "BadOutput", "an object"),
    Case("output empty list", output([]), "BadOutput", "an empty list"),
    Case("output list of objects", output([{}]), "BadOutput", "a list of an object"),
    Case("output broken data URI", output("data:image/png;base64,!!"), "BadOutput", "data URI"),
    Case("output data URI beyond ASCII", output("data:image/png;base64,é"), "BadOutput", "data URI"),
    Case("output no address", output("https://[::1"), "BadOutput", "no valid address"),
    Case("output ftp", output("ftp://replicate.delivery/x.png"), "BadOutput", "text"),
    Case("foreign host", output("https://evil.example/x.png"), "BadOutput", "evil.example"),
    Case("lookalike host", output("https://replicate.delivery.evil.example/x"), "BadOutput", "foreign host"),
    Case("host with the same ending", output("https://evilreplicate.delivery/x"), "BadOutput", "foreign host"),
    Case("http at the delivery host", output("http://replicate.delivery/x.png"), "BadOutput", "http://"),
    Case("odd port at the delivery host", output("https://replicate.delivery:8443/x"), "BadOutput", "foreign"),
    Case("login in the address", output("https://me:pw@replicate.delivery/x"), "BadOutput", "foreign"),
    Case("another port of this host", output("http://127.0.0.1:1/x.png"), "BadOutput", "foreign"),
    Case("file empty", succeed(b""), "BadOutput", "empty"),
    Case("file HTML", succeed(HTML, media_type="text/html"), "BadOutput", "HTML"),
    Case("file JSON", succeed(b'{"detail": "gone"}'), "BadOutput", "JSON"),
    Case("file text", succeed(b"no such file"), "BadOutput", "text"),
    Case("file truncated", succeed(PICTURE[: len(PICTURE) // 2]), "BadOutput", "photo_damaged"),
    Case("file of noise", succeed(bytes(range(128, 256))), "BadOutput", "unreadable"),
    Case("file 1x1", succeed(png(product_photo(1, 1))), "BadOutput", "1x1"),
    Case("file too large", succeed(bytes(30_000_001)), "BadOutput", "larger than"),
    Case("file 404", delivered(Reply(404)), "BadOutput", "HTTP 404"),
    Case(
        "file redirected", delivered(Reply(302, headers={"Location": "https://evil.example"})), "BadOutput", "redirect"
    ),
    Case("file 500 three times", delivered(*[Reply(500)] * 3), "ServerFault"),
    Case("file 429 three times", delivered(*[Reply(429)] * 3), "Throttled"),
    Case("file dropped three times", delivered(*[Drop()] * 3), "ConnectionLost"),
    Case("file never comes", succeed(PICTURE, work=0, deliveries=(Silence(),) * 3), "TimedOut", deadline_s=0.3),
    Case("file cut short three times", delivered(*[Reply(200, PICTURE, claims=10**6)] * 3), "ConnectionLost"),
]


def leaves(error: type[ProviderError] = ProviderError) -> Iterator[str]:
    below = error.__subclasses__()
    for child in below:
        yield from leaves(child)
    if not below:
        yield error.__name__


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_of_the_wire_ends_in_its_leaf(bench: Bench, case: Case) -> None:
    bench.server.always(BIREFNET, case.behaviour)
    with pytest.raises(ProviderError) as caught:
        bench.run(BIREFNET_MODEL, deadline_s=case.deadline_s)
    assert type(caught.value) is getattr(errors, case.leaf)
    assert case.says in str(caught.value)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_every_leaf_has_a_case() -> None:
    assert {case.leaf for case in CASES} == set(leaves()) - LOCAL_LEAVES


def test_a_wrong_token_is_unauthenticated(bench: Bench) -> None:
    with pytest.raises(errors.Unauthenticated):
        bench.run(BIREFNET_MODEL, config=ReplicateConfig(SecretStr("r8_wrong"), bench.server.url))


def test_a_server_that_is_not_there_is_a_lost_connection_and_nothing_is_unsure(bench: Bench) -> None:
    with pytest.raises(errors.ConnectionLost) as caught:
        bench.run(BIREFNET_MODEL, config=ReplicateConfig(SecretStr("r8_fake"), "http://127.0.0.1:1"))
    assert caught.value.facts["unsure"] is False


def test_a_foreign_host_gets_no_request(bench: Bench) -> None:
    with ReplicateServer() as foreign:
        bench.server.script(BIREFNET, output(f"{foreign.url}/delivery/job0001/out.png"))
        with pytest.raises(errors.BadOutput):
            bench.run(BIREFNET_MODEL)
        assert foreign.requests == []


@pytest.mark.parametrize("shape", ["text", "list", "data URI"])
def test_an_output_may_be_an_address_a_list_of_one_or_a_data_uri(bench: Bench, shape: str) -> None:
    address = f"{bench.server.url}/delivery/job0001/out.png"
    uri = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    told = {"text": address, "list": [address], "data URI": uri}[shape]
    bench.server.script(BIREFNET, succeed(PICTURE))
    bench.run(BIREFNET_MODEL)
    bench.server.script(BIREFNET, output(told))
    assert bench.run(BIREFNET_MODEL).pixels.size == (64, 48)


def test_a_data_uri_may_not_be_larger_than_a_file(bench: Bench) -> None:
    downloader = Downloader(bench.config, tls_context(), max_bytes=9)
    address, deadline = "data:image/png;base64," + "A" * 40, bench.time.timing.deadline(1)
    with pytest.raises(errors.BadOutput, match="larger than 9 bytes"):
        asyncio.run(downloader.fetch(address, deadline))


def test_a_bad_output_records_its_shape(bench: Bench) -> None:
    bench.server.script(BIREFNET, output({}))
    with pytest.raises(errors.BadOutput) as caught:
        bench.run(BIREFNET_MODEL)
    assert caught.value.facts == {"shape": "an object"}


def test_a_deadline_that_passes_records_what_the_prediction_was_doing(bench: Bench) -> None:
    bench.server.script(BIREFNET, forever("starting"))
    with pytest.raises(errors.TimedOut) as caught:
        bench.run(BIREFNET_MODEL)
    assert caught.value.facts == {"status": "starting"}


@pytest.mark.parametrize("endpoint", ["birefnet", "a/b/c", "../b", "a/..", "a/b:", "a/b?c", "https://a/b"])
def test_an_endpoint_that_is_none_is_refused_before_anything_is_bought(bench: Bench, endpoint: str) -> None:
    with pytest.raises(errors.InvalidInput, match="endpoint"):
        bench.run(BIREFNET_MODEL.model_copy(update={"endpoint": endpoint}))
    assert bench.server.requests == []


@pytest.mark.parametrize("endpoint", ["nobody/nothing", "nobody/nothing:0123abcd"])
def test_a_model_or_version_that_is_not_there_is_gone(bench: Bench, endpoint: str) -> None:
    with pytest.raises(errors.ModelGone):
        bench.run(BIREFNET_MODEL.model_copy(update={"endpoint": endpoint}))
