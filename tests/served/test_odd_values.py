"""Every function of the page and of programs, with values that none of its fields would send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from domain import Language
from tests.outside.probes import LEAKS
from tests.served.test_endpoints import answer
from tests.serving import Served
from wording import say

ODD = {
    "null": "null",
    "a word": '"zz"',
    "a long word": '"' + "x" * 5000 + '"',
    "a null byte": r'"\u0000"',
    "half a letter": r'"\ud800"',
    "HTML": '"<img src=x onerror=alert(1)>"',
    "a number": "1.5",
    "a negative number": "-1",
    "a huge number": "9" * 30,
    "an endless number": "1e400",
    "no number": "NaN",
    "a list": "[1]",
    "an object": '{"a": 1}',
    "an update": '{"__type__": "update", "value": "x"}',
    "a nested object": '{"a": ' * 30 + "1" + "}" * 30,
    "a file of nowhere": '{"path": "", "meta": {"_type": "gradio.FileData"}}',
    "a file of the server": '{"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}',
    "a web address in capitals": '{"path": "HTTP://127.0.0.1/x", "meta": {"_type": "gradio.FileData"}}',
}
TRACES = re.compile(LEAKS.pattern + r"|<class|object at 0x|NoneType|Marketplace\.|errors\.|\bnull\b|\bNone\b")
BUG = say("error.bug", {}, Language.RU)
number = count()


def data(values: list[str]) -> str:
    return '{"data": [' + ", ".join(values) + "]}"


def refusal(told: str) -> str | None:
    """The sentence that a stream of events ends with, None when it ends well."""
    *_, last = re.findall(r"^event: (\w+)\ndata: (.*)$", told, re.MULTILINE)
    return None if last[0] == "complete" else str(json.loads(last[1])["error"])


@pytest.fixture(scope="module")
def russian(local: Served) -> Iterator[httpx.Client]:
    """One for all: to make a client takes longer than most calls."""
    headers = {"Accept-Language": "ru", "Content-Type": "application/json"}
    with httpx.Client(base_url=local.url + "/gradio_api", headers=headers, timeout=30) as client:
        yield client


def called(client: httpx.Client, name: str, values: list[str]) -> str | None:
    """What a program hears: the refusal of a request, or of the event that it began."""
    begun = client.post(f"/call/{name}", content=data(values))
    if begun.status_code != 200:
        return str(begun.json()["detail"])
    return refusal(client.get(f"/call/{name}/{begun.json()['event_id']}").text)


def joined(client: httpx.Client, fn: int, values: list[str]) -> str | None:
    """What the page hears."""
    session = f"oddvalue{next(number)}"
    begun = client.post("/queue/join", content=data(values)[:-1] + f', "fn_index": {fn}, "session_hash": "{session}"}}')
    if begun.status_code != 200:
        return str(begun.json()["detail"])
    with client.stream("GET", f"/queue/data?session_hash={session}") as stream:
        ended = next(told for told in events(stream) if told["msg"] == "process_completed")
    return None if ended["success"] else str(ended["output"]["error"])


def events(stream: httpx.Response) -> Iterator[dict[str, Any]]:
    return (json.loads(line.removeprefix("data:")) for line in stream.iter_lines() if line.startswith("data:"))


def is_said_well(sentence: str | None) -> bool:
    return sentence is None or bool(re.search("[а-я]{3}", sentence) and not TRACES.search(sentence))


NAMED = ("process", "explain_selection", "list_models", "export", "batch", "batch_status")


@pytest.mark.parametrize("name", NAMED)
def test_a_program_hears_a_sentence_whatever_it_sends_in_whatever_place(
    local: Served, russian: httpx.Client, name: str
):
    fn = next(fn for fn in local.page.fns.values() if fn.api_name == name)
    usual = [json.dumps(block.value if block.value is not None else None, default=str) for block in fn.inputs]
    told = {
        (place, odd): called(russian, name, [*usual[:place], value, *usual[place + 1 :]])
        for place in range(len(usual))
        for odd, value in list(ODD.items())[place % 6 :: 6]  # each place a sixth of them, all in six places
    }
    assert {where: said for where, said in told.items() if not is_said_well(said)} == {}
    assert len(set(told.values())) > 1  # they came as far as the components
    assert BUG not in told.values()  # and it is the value that is to blame


@pytest.mark.parametrize("odd", ODD)
def test_the_page_hears_a_sentence_whatever_any_of_its_functions_is_sent(
    local: Served, russian: httpx.Client, odd: str
):
    told = {
        (number, fn.name): joined(russian, number, [ODD[odd]] * len(fn.inputs))
        for number, fn in list(local.page.fns.items())[list(ODD).index(odd) % 6 :: 6]  # each function a sixth of them
        if fn.fn
    }
    assert {where: said for where, said in told.items() if not is_said_well(said)} == {}


def test_a_web_address_in_capitals_is_one_too(local: Served):
    photo = {"path": "HTTP://127.0.0.1/x", "meta": {"_type": "gradio.FileData"}}
    assert "Photos are not fetched from this address" in answer(local.url, "process", {"photo": photo})


def test_what_is_wrong_with_a_photo_is_said_in_the_visitors_language(russian: httpx.Client):
    photo = json.dumps({"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}})
    assert (called(russian, "explain_selection", [photo, *["null"] * 6]) or "").startswith("Загрузите фото здесь")
