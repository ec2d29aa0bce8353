"""Calls of the page's functions, read before Gradio reads them: what it would stumble over never gets that far."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from outside.doors import API, DIRECT, MCP
from ui.photo import WEB, PhotoInput

SESSION = re.compile(r"[A-Za-z0-9_-]{6,64}")
JOIN, CALL, CALL_V2, CANCEL = API + "queue/join", API + "call/", API + "call/v2/", API + "cancel"
DEPTH = 40
MOST_MARKS = 60_000  # 500 photos of a batch have 10 000; without a bound 27 MB of marks become a gigabyte of values
MARKS = (b"[", b"{", b",", b":")

Json = Any


class Malformed(Exception):
    """`code` is the sentence to answer with."""

    def __init__(self, code: str = "outside.malformed") -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """What may be passed on, the function of the page that it is for, and the session that it names, if any."""

    body: bytes
    fn: Any = None
    session: str = ""


def checked(page: gr.Blocks, path: str, body: bytes) -> Call:
    """What is sound about a call, or made so; raises `Malformed`.

    A photo from anywhere else is named as one that is not there: the component then says so in the visitor's language,
    which clients show, as they do not show the answer to a refused request.
    """
    if path.startswith(MCP):
        return Call(_checked_tools(body))
    told = _parsed(body)
    _check_session(told)
    path = path.rstrip("/")
    if path == CANCEL:
        _check_cancel(told)
        return Call(body)
    by_number = path in {JOIN, DIRECT}
    fn = _by_number(page, told) if by_number else _by_name(page, path.rpartition("/")[2])
    if path == DIRECT and not (fn.fn and fn.queue is False):
        raise Malformed("outside.unknown_call")
    if path.startswith(CALL_V2):
        safe = told | _named(page, fn, told)
    else:
        safe = told | {"data": _data(fn, told.get("data"), exactly=by_number)}
    return Call(body if _same(told, safe) else json.dumps(safe).encode(), fn, told.get("session_hash") or "")


def is_under_way(page: gr.Blocks, path: str) -> bool:
    """Whether the call whose answer is asked for is at work, or its end was not fetched yet."""
    queue, event = page._queue, path.rstrip("/").rpartition("/")[2]
    return event in queue.event_ids_to_events or any(
        event in events for events in list(queue.pending_event_ids_session.values())
    )


def _checked_tools(body: bytes) -> bytes:
    """The body of an MCP request, unless a tool is handed a file of this machine; raises `Malformed`.

    Tools take a photo by its address, as a word. Gradio's own client, which carries the call out from inside, would
    upload whatever file of the server it is given; its check of types must not be all that stands before that.
    """
    told = _json(body)
    for one in told if isinstance(told, list) else [told]:
        parameters = one.get("params") if isinstance(one, dict) else None
        given = parameters.get("arguments") if isinstance(parameters, dict) else None
        if any(True for _ in _files(given, DEPTH)):
            raise Malformed("error.photo_elsewhere")
    return body


def _parsed(body: bytes) -> dict[str, Json]:
    told = _json(body)
    if not isinstance(told, dict):
        raise Malformed
    return told


def _json(body: bytes) -> Json:
    """Marks are counted before anything is made of them, those inside words too: no value comes without one."""
    if sum(map(body.count, MARKS)) > MOST_MARKS:
        raise Malformed
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    _check_values(told)
    return told


def _check_values(told: Json) -> None:
    """Nor may a word have half a letter in it, which could not be written into an answer."""
    level = [told]
    for _ in range(DEPTH):
        if not all(_can_be_written(value) for value in level):
            break
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise Malformed


def _can_be_written(value: Json) -> bool:
    if not isinstance(value, str) or value.isascii():
        return True
    try:
        return bool(value.encode())
    except UnicodeEncodeError:
        return False


def _inside(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return (*value, *value.values())
    return value if isinstance(value, list) else ()


def _same(told: dict[str, Json], safe: dict[str, Json]) -> bool:
    """Whether nothing was put in the place of a value, told without writing all of them down again."""
    return all(_is_kept(told.get(name), value) for name, value in safe.items())


def _is_kept(given: Json, value: Json) -> bool:
    if isinstance(given, list) and isinstance(value, list) and len(given) == len(value):
        return all(map(operator.is_, given, value))
    return given is value


def _check_session(told: dict[str, Json]) -> None:
    """A session's key is what guards its pictures: too short a key could be guessed."""
    session = told.get("session_hash")
    if session is not None and not (isinstance(session, str) and SESSION.fullmatch(session)):
        raise Malformed
    event = told.get("event_id")
    if event is not None and not (isinstance(event, str) and SESSION.fullmatch(event)):
        raise Malformed


def _check_cancel(told: dict[str, Json]) -> None:
    number = told.get("fn_index")
    if not isinstance(told.get("session_hash"), str) or not isinstance(told.get("event_id"), str | None):
        raise Malformed
    if isinstance(number, bool) or not isinstance(number, int | None):
        raise Malformed


def _by_number(page: gr.Blocks, told: dict[str, Json]) -> Any:
    number = told.get("fn_index")
    if not isinstance(told.get("session_hash"), str):
        raise Malformed
    if isinstance(number, bool) or not isinstance(number, int) or number not in page.fns:
        raise Malformed("outside.unknown_call")
    return page.fns[number]


def _by_name(page: gr.Blocks, name: str) -> Any:
    """Only functions that programs may call have a name out here."""
    public = (fn for fn in page.fns.values() if fn.api_name == name and fn.api_visibility in {"public", "undocumented"})
    found = next(public, None)
    if found is None:
        raise Malformed("outside.unknown_call")
    return found


def _data(fn: Any, data: Json, *, exactly: bool) -> list[Json]:
    """One value for each input; programs may leave out those that are not part of the published function."""
    if not isinstance(data, list):
        raise Malformed
    shown = [block for block in fn.inputs if not block.skip_api]
    if len(data) == len(fn.inputs):
        return _values(fn.inputs, data)
    if not exactly and len(data) == len(shown):
        return _values(shown, data)
    raise Malformed


def _named(page: gr.Blocks, fn: Any, told: dict[str, Json]) -> dict[str, Json]:
    described = page.get_api_info()["named_endpoints"].get(f"/{fn.api_name}")
    if described is None:
        raise Malformed("outside.unknown_call")
    parameters = described["parameters"]
    names = [parameter["parameter_name"] for parameter in parameters]
    needed = {parameter["parameter_name"] for parameter in parameters if not parameter["parameter_has_default"]}
    given = list(told)  # Gradio takes a session's key for one more parameter here
    if not needed <= set(given) <= set(names):
        raise Malformed
    shown = dict(zip(names, (block for block in fn.inputs if not block.skip_api), strict=True))
    return dict(zip(given, _values([shown[name] for name in given], [told[name] for name in given]), strict=True))


def _values(blocks: Sequence[Any], values: Sequence[Json]) -> list[Json]:
    return [_value(block, value) for block, value in zip(blocks, values, strict=True)]


def _value(block: Any, value: Json) -> Json:
    for file in _files(value, DEPTH):
        photo = isinstance(block, PhotoInput) and file is value
        if not _is_ours(file, web=photo):
            if photo:
                return {"path": str(Path(get_upload_folder()) / "refused"), "meta": {"_type": "gradio.FileData"}}
            raise Malformed("error.photo_elsewhere")
    return _with_small_scheme(value) if isinstance(block, PhotoInput) and isinstance(value, dict) else value


def _with_small_scheme(file: dict[str, Json]) -> dict[str, Json]:
    """Gradio takes HTTP:// for the path of a file."""
    path = file.get("path") or ""
    scheme, colon, rest = path.partition("://")
    odd = path.lower().startswith(WEB) and not scheme.islower()
    return {**file, "path": scheme.lower() + colon + rest} if odd else file


def _files(value: Json, depth: int) -> Iterator[dict[str, Json]]:
    """Whatever Gradio could take for a file, at any depth that it would look at."""
    if depth == 0:
        raise Malformed
    if isinstance(value, dict):
        if "path" in value or "url" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _files(inner, depth - 1)


def _is_ours(file: dict[str, Json], *, web: bool) -> bool:
    """A file of the upload folder; for a photo also a web address or a data URI, which `PhotoInput` looks after."""
    path, url = file.get("path"), file.get("url")
    if not isinstance(path, str | None) or not isinstance(url, str | None):
        raise Malformed
    if path:
        return (web and path.lower().startswith(WEB)) or _is_uploaded(path)
    return not url or (web and url.startswith("data:"))


def _is_uploaded(path: str) -> bool:
    try:
        return Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve())
    except (OSError, ValueError, RuntimeError):
        return False
