"""What comes from outside: bad files, another protocol, and reading what is not theirs."""

from __future__ import annotations

import asyncio
import base64
import json
import zlib
from pathlib import Path

import httpx
import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.crowds import crowd, strangers
from tests.photos import jpeg, product_photo
from tests.runs.running import mug
from tests.serving import Served


def png_bomb() -> bytes:
    """A PNG of a few kilobytes whose header promises 40000 × 40000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    header = (40000).to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    rows = zlib.compress(bytes(5001) * 400, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BAD_FILES = {
    "a text": (b"hello, this is not a picture at all\n" * 20, "not a picture"),
    "an empty file": (b"", "empty"),
    "a truncated JPEG": (jpeg(product_photo(320, 240))[:4000], "damaged"),
    "a PNG bomb": (png_bomb(), "megapixels"),
    "an SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>', "vector drawing"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_answered_by_a_sentence_and_the_program_goes_on(local: Served, tmp_path: Path, photo, kind: str):
    content, said = BAD_FILES[kind]
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    client = local.client()
    with pytest.raises(AppError) as refused:
        client.predict(handle_file(path), api_name="/process")
    assert said in str(refused.value)
    for trace in ("Traceback", "Error(", ".py", "/tmp", "errors."):
        assert trace not in str(refused.value)
    _, told = client.predict(handle_file(photo), api_name="/process")
    assert told["status"] == "succeeded"


def test_an_mcp_client_finds_the_tools_and_lists_the_models(local: Served):
    async def ask() -> tuple[set[str], str]:
        address = f"{local.url}/gradio_api/mcp/"
        async with streamable_http_client(address) as (reading, writing, _), ClientSession(reading, writing) as session:
            await session.initialize()
            tools = {tool.name for tool in (await session.list_tools()).tools}
            name = next(tool for tool in tools if tool.endswith("list_models"))
            answer = await session.call_tool(name, {"tag": "enhanced"})
            return tools, str(answer.content)

    tools, answer = asyncio.run(ask())
    assert {tool.removeprefix("cutout_router_") for tool in tools} >= {"process", "explain_selection", "list_models"}
    assert "flux-kontext-lora-v2" in answer


@pytest.mark.parametrize(
    ("photo", "said"),
    [
        ("/proc/self/environ", "public https address"),
        ("file:///proc/self/environ", "public https address"),
        ("http://127.0.0.1:22/", "Photos are not fetched from this address"),
        ("data:image/png;base64,QUJD", "not a picture"),
    ],
)
def test_a_tool_takes_no_photo_of_this_machine(local: Served, photo: str, said: str):
    async def ask() -> str:
        address = f"{local.url}/gradio_api/mcp/"
        async with streamable_http_client(address) as (reading, writing, _), ClientSession(reading, writing) as session:
            await session.initialize()
            name = next(
                tool.name for tool in (await session.list_tools()).tools if tool.name.endswith("explain_selection")
            )
            return str((await session.call_tool(name, {"photo": photo})).content)

    assert said in asyncio.run(ask())


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("process", {"photo": None}, "Параметра не хватает"),
        ("process", {}, "Параметра не хватает"),
        ("explain_selection", {"photo": "/etc/passwd"}, "общедоступным адресом"),
        ("nothing", {}, "Такой функции здесь нет."),
    ],
)
def test_a_wrong_call_of_a_tool_is_answered_in_words(local: Served, tool: str, arguments: dict[str, object], said: str):
    assert said in tools_error(local, tool, arguments)


def tools_error(local: Served, tool: str, arguments: dict[str, object]) -> str:
    """What a Russian hears."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {"accept": "application/json, text/event-stream", "accept-language": "ru"}
    told = httpx.post(f"{local.url}/gradio_api/mcp/", json=call, headers=headers).text
    result = json.loads(told[told.index("{") :])["result"]
    assert result["isError"]
    return str(result["content"][0]["text"])


def test_a_tool_that_finds_the_line_full_says_so_in_words(local: Served, monkeypatch: pytest.MonkeyPatch):
    turns = local.core.service.turns
    crowd(monkeypatch, turns, strangers(turns))
    photo = "data:image/jpeg;base64," + base64.b64encode(mug()).decode()
    assert "Попробуйте через минуту." in tools_error(local, "process", {"photo": photo})


def test_the_database_is_not_served_as_a_file(local: Served):
    database = local.core.settings.data_dir.absolute() / "cutout-router.db"
    assert httpx.get(f"{local.url}/gradio_api/file={database}").status_code in {403, 404}
