"""Requests that nobody honest makes, written out. `python -m tests.outside.probes URL` tries them on any server."""

from __future__ import annotations

import http.client
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

API = "/gradio_api"
FILE = {"_type": "gradio.FileData"}


@dataclass(frozen=True)
class Probe:
    """One request; `headers` and `body` as they go over the wire. `read` says to follow the event it starts."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    read: bool = False
    may_pass: bool = False  # harmless when it is answered, as long as nothing leaks


@dataclass(frozen=True)
class Told:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def refused(self) -> bool:
        """In the status, or in the event that the call ends with; never by breaking."""
        if self.status == 200:
            return "event: error" in self.text and "data: null" not in self.text
        return 400 <= self.status < 500


def get(name: str, path: str, **headers: str) -> Probe:
    return Probe(name, "GET", path, headers)


def post(name: str, path: str, body: Any, read: bool = False, **headers: str) -> Probe:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Probe(name, "POST", API + path, {"Content-Type": "application/json", **headers}, raw, read)


def photo(name: str, **file: Any) -> Probe:
    """The photo of a call, given as something other than an upload."""
    return post(name, "/call/v2/process", {"photo": {"meta": FILE, **file}}, read=True)


def tool_call(**arguments: Any) -> dict[str, Any]:
    params = {"name": "cutout_router_explain_selection", "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def field_(name: str, value: Any) -> Probe:
    """A file smuggled in as another value of a call."""
    return post(name, "/call/v2/list_models", {"tag": value}, read=True)


READS = [
    get(f"a file of the server: {name}", f"{API}/file={path}")
    for name, path in {
        "passwd": "/etc/passwd",
        "environment": "/proc/self/environ",
        "environment by encoded path": "%2Fproc%2Fself%2Fenviron",
        "environment by process id": "/proc/1/environ",
        "memory maps": "/proc/self/maps",
        "source": "app.py",
        "settings by way up": "../../../../etc/passwd",
        "way up encoded": "%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "way up encoded twice": "%252e%252e%252fetc%252fpasswd",
        "way up from the upload folder": "{uploads}/../../../../../../../../etc/passwd",
        "the upload folder itself": "{uploads}",
        "the folder of runs": "{runs}",
        "the database": "{runs}/../cutout-router.db",
        "a null byte": "/etc/passwd%00.png",
        "a file address": "file:///etc/passwd",
    }.items()
]
PROXIES = [
    get("a web address instead of a file", f"{API}/file=http://127.0.0.1:{{trap}}/secret"),
    get("a https address instead of a file", f"{API}/file=https://example.com/"),
    get("a web address, encoded", f"{API}/file=http%3A%2F%2F127.0.0.1%3A{{trap}}%2Fsecret"),
    get("the proxy", f"{API}/proxy=http://127.0.0.1:{{trap}}/secret"),
    get("the proxy to a Space", f"{API}/proxy=https://someone.hf.space/"),
    get("the old way to files", f"{API}/file//etc/passwd"),
]
DOORS = [
    get(f"a door that is closed: {path}", path)
    for path in (
        "/monitoring",
        "/monitoring/summary",
        "/login",
        f"{API}/token",
        f"{API}/runs",
        f"{API}/run-history/records",
        f"{API}/deep_link?session_hash=abcdefgh",
        f"{API}/vibe-code",
        f"{API}/dev/reload",
        f"{API}/profiling/summary",
        f"{API}/stream/abcdefgh/1/1/playlist.m3u8",
        f"{API}/custom_component/1/client/component/..%2f..%2findex.js",
        "/docs",
        "/.env",
        "/.git/config",
        "/static/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/svelte/../../../etc/passwd",
        "/no/such/page",
        "/runs/..%2f..%2fetc%2fpasswd",
        "/runs/%27%20OR%201%3D1--",
        "/models/%3Cscript%3E",
        "/runs/..%2f..%2fetc%2fpasswd/cutout",
        "/metrics",
    )
]
PHOTOS = [
    photo("a photo by path: environment", path="/proc/self/environ"),
    photo("a photo by path: passwd", path="/etc/passwd"),
    photo("a photo by path: way up", path="{uploads}/../../../../../etc/passwd"),
    photo("a photo by path: folder", path="{uploads}"),
    photo("a photo by path: database", path="{runs}/../cutout-router.db"),
    photo("a photo by path: null byte", path="/tmp/x\0.png"),
    photo("a photo by path: endless", path="/" + "a/" * 5000),
    photo("a photo by file address", path="file:///etc/passwd"),
    photo("a photo from this machine", path="http://127.0.0.1:{trap}/secret"),
    photo("a photo from this machine by name", path="http://localhost:{trap}/secret"),
    photo("a photo from this machine by number", path="http://2130706433:{trap}/secret"),
    photo("a photo from this machine by IPv6", path="http://[::1]:{trap}/secret"),
    photo("a photo from the cloud's metadata", path="http://169.254.169.254/latest/meta-data/"),
    photo("a photo from another port", path="http://127.0.0.1:22/"),
    photo("a photo from an address with a login", path="http://a:b@127.0.0.1:{trap}/"),
    photo("a photo at a web address that is only the url", url="http://127.0.0.1:{trap}/secret"),
    photo("a data URI that is no picture", url="data:image/png;base64," + "QUJD" * 1000),
    photo("a data URI that is no base64", url="data:image/png;base64,~~~~"),
    photo("a data URI of HTML", url="data:text/html,<script>alert(1)</script>"),
    photo("a photo that is a number", path=7),
]
FIELDS = [
    *(
        post(
            f"a file handed to a tool: {name}",
            "/mcp/",
            tool_call(**given),
            Accept="application/json, text/event-stream",
        )
        for name, given in {
            "as a photo": {"photo": {"path": "/proc/self/environ", "meta": FILE}},
            "as a word": {"model_id": {"path": "/proc/self/environ", "meta": FILE}},
            "deep down": {"marketplace": [{"a": {"url": "http://127.0.0.1:{trap}/secret", "meta": FILE}}]},
            "under a name of its own": {"nope": {"path": "/etc/passwd", "meta": FILE}},
        }.items()
    ),
    post("MCP that is no JSON", "/mcp/", b"{", Accept="application/json, text/event-stream"),
    field_("a web address as a tag", {"path": "http://127.0.0.1:{trap}/secret", "meta": FILE}),
    field_("a file as a tag", {"path": "/proc/self/environ", "meta": FILE}),
    field_("a file deep in a tag", {"a": [{"b": {"path": "/etc/passwd", "meta": FILE}}]}),
]
NESTED = b'{"data":' + b"[" * 3000 + b"]" * 3000 + b"}"
CALLS = [
    post("an unknown function by name", "/call/no_such", {"data": []}),
    post("an unknown function by name, second way", "/call/v2/no_such", {}),
    post("a private function by name", "/call/run", {"data": []}),
    post("a function by direct post", "/run/process", {"data": []}),
    post("a function by direct post, old way", "/api/process", {"data": []}),
    *(
        post(f"a direct call of {name}", "/run/predict", {"fn_index": number, "data": data, "session_hash": "abcdefgh"})
        for name, number, data in (
            ("a run that would pass the line by", 17, [None] * 9),
            ("an example that is not there", 4, [9999]),
            ("an example by no number", 4, ["x"]),
            ("an example by a file", 4, [{"path": "/etc/passwd", "meta": FILE}]),
            ("nothing", 5, []),
        )
    ),
    post("a direct call of no number", "/run/predict", {"data": [], "session_hash": "abcdefgh"}),
    post("an unknown function by number", "/queue/join", {"fn_index": 9999, "data": [], "session_hash": "abcdefgh"}),
    post("a function by a negative number", "/queue/join", {"fn_index": -1, "data": [], "session_hash": "abcdefgh"}),
    post("a function by no number", "/queue/join", {"data": [], "session_hash": "abcdefgh"}),
    post("a function by a truth value", "/queue/join", {"fn_index": True, "data": [], "session_hash": "abcdefgh"}),
    post("a session whose key is a path", "/queue/join", {"fn_index": 0, "data": [], "session_hash": "../../etc"}),
    post("a session whose key is short", "/queue/join", {"fn_index": 0, "data": [], "session_hash": "a"}),
    post("a session whose key is a list", "/queue/join", {"fn_index": 0, "data": [], "session_hash": ["x"]}),
    post("no values", "/call/process", {}),
    post("too few values", "/call/process", {"data": [None]}),
    post("too many values", "/call/process", {"data": [None] * 99}),
    post("values that are a word", "/call/process", {"data": "abc"}),
    post("no JSON", "/call/process", b"\x00\xff\xfe{{{"),
    post("JSON that is a list", "/call/process", [1, 2, 3]),
    post("JSON without end", "/call/process", b'{"data": ['),
    post("JSON three thousand deep", "/call/process", NESTED),
    post("JSON that is too deep for files", "/call/v2/list_models", {"tag": json.loads("[" * 60 + "]" * 60)}),
    post("a session's key among the parameters", "/call/v2/list_models", {"tag": "x", "session_hash": "abcdefgh"}),
    post("an unknown parameter", "/call/v2/list_models", {"tag": "x", "__class__": "y"}),
    post("a server function of a component", "/component_server", {"fn_name": "ls", "session_hash": "abcdefgh"}),
    post("a cancellation of nothing", "/cancel", {"session_hash": 1, "fn_index": 0, "event_id": "x"}),
    post("an upload that is no form", "/upload", b"not a form"),
    post("a vibe edit", "/vibe-edit", {"prompt": "x"}),
]
ORIGINS = [
    post("a call by a foreign page", "/call/process", {"data": []}, Origin="https://evil.example"),
    post("a call by a page without origin", "/call/process", {"data": []}, Origin="null"),
    post("a call by a page with a lookalike", "/call/process", {"data": []}, Origin="http://127.0.0.1.evil.example"),
    Probe(
        "a foreign preflight",
        "OPTIONS",
        f"{API}/call/process",
        {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    ),
    Probe("a foreign read", "GET", "/config", {"Origin": "https://evil.example"}, may_pass=True),
]
WIRES = [
    get("the owner's money without a token", "/spend"),
    get("the owner's money with a guess", "/spend", Authorization="Bearer admin"),
    get("the owner's money with bytes that are no text", "/spend", Authorization="Bearer \xff\xfe"),
    Probe("a deletion of somebody's run", "DELETE", "/runs/" + "0" * 32),
    Probe("a deletion of a path", "DELETE", "/runs/..%2f..%2fetc"),
    Probe("a run from nothing", "POST", "/runs"),
    Probe("a run from no picture", "POST", "/runs", body=b"<svg onload=alert(1)>"),
    Probe(
        "a run from a form without end", "POST", "/runs", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x"
    ),
    Probe("a run by a foreign page", "POST", "/runs", {"Origin": "https://evil.example"}, b"x"),
    Probe("a run under a key that is a header", "POST", "/runs", {"Idempotency-Key": "a\tSet-Cookie: a=b"}, b"x"),
    Probe("a trace", "TRACE", "/"),
    Probe("a put", "PUT", f"{API}/file=/tmp/x", body=b"x"),
    Probe("a patch", "PATCH", "/models"),
    Probe("a deletion", "DELETE", "/models/birefnet"),
    Probe("a header injected by the address", "GET", "/models/%0d%0aSet-Cookie:%20a=b"),
    Probe("a header injected by a forwarded host", "GET", "/", {"X-Forwarded-Host": "evil.example"}, may_pass=True),
    Probe("a length that is no number", "POST", f"{API}/call/process", {"Content-Length": "-5"}),
    Probe("a length of gigabytes", "POST", f"{API}/call/process", {"Content-Length": "99999999999"}),
    Probe("a REST body of gigabytes", "POST", "/runs", {"Content-Length": "99999999999"}),
    Probe("an upload of gigabytes", "POST", f"{API}/upload", {"Content-Length": "99999999999"}),
]
LARGE = [post("thirty megabytes of JSON", "/call/process", b'{"data": ["' + b"A" * 30_000_000 + b'"]}')]

PROBES = (*READS, *PROXIES, *DOORS, *PHOTOS, *FIELDS, *CALLS, *ORIGINS, *WIRES, *LARGE)

LEAKS = re.compile(
    r"root:x:0|PATH=|SECRET|Traceback|site-packages|\.py\b|SQLite format|"
    r"\b(?:\w+Error|\w+Exception)\b|pydantic|starlette|/etc/passwd|/proc/|/home/|/tmp/|/work/"  # searched for
)


def send(host: str, port: int, probe: Probe, places: Mapping[str, str]) -> Told:
    """As it is written: no client library tidies it up on the way."""
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.putrequest(probe.method, _filled(probe.path, places), skip_accept_encoding=True)
        body = _filled(probe.body.decode("latin-1"), places).encode("latin-1")
        for name, value in {"Content-Length": str(len(body)), **probe.headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        _send_body(connection, body)
        told = _told(connection.getresponse())
    finally:
        connection.close()
    return _followed(host, port, told, places) if probe.read and told.status == 200 else told


def _send_body(connection: http.client.HTTPConnection, body: bytes) -> None:
    """A server may hang up on what it has refused already."""
    try:
        connection.send(body)
    except OSError:
        return


def _told(response: http.client.HTTPResponse) -> Told:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Told(response.status, headers, response.read().decode(errors="replace"))


def _followed(host: str, port: int, told: Told, places: Mapping[str, str]) -> Told:
    event = json.loads(told.text)["event_id"]
    return send(host, port, get("its event", f"{API}/call/process/{event}"), places)


def _filled(text: str, places: Mapping[str, str]) -> str:
    for name, place in places.items():
        text = text.replace("{" + name + "}", place)
    return text


def main(address: str) -> None:
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    tell: Callable[[str], int] = sys.stdout.write
    for probe in PROBES:
        told = send(host, int(port), probe, {"trap": "9", "uploads": "/tmp/gradio", "runs": "var/runs"})
        word = "refused" if told.refused or probe.may_pass else "ANSWERED"
        tell(f"{word:<9} {told.status} {probe.name}  {told.text[:90]!r}\n")


if __name__ == "__main__":
    main(sys.argv[1])
