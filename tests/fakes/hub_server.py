"""A Hugging Face hub of our own with one file: what `huggingface_hub` asks for, over real HTTP on 127.0.0.1."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from providers import Pin
from tests.fakes.behaviours import Answer, Reply
from tests.fakes.http_server import Listening
from tests.fakes.wire import Request


@dataclass
class HubServer:
    """Keeps `file` where `pin` says; `downloads` answer the first downloads in place of the file."""

    pin: Pin
    file: bytes
    downloads: deque[Answer] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> HubServer:
        self._listening = Listening(self.answer, 0, None)
        self.url = self._listening.url
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    @property
    def ranges(self) -> list[str | None]:
        """The `Range` of every download, in their order."""
        return [request.headers.get("range") for request in self.requests if request.method == "GET"]

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.path == f"/{self.pin.repo}/resolve/{self.pin.revision}/{self.pin.file}":
            return self._found()
        if request.path == "/storage" and request.method == "GET" and self.downloads:
            return self.downloads.popleft()
        if request.path == "/storage":
            return self._part(request.headers.get("range"))
        return Reply(404, b"", {"X-Error-Code": "EntryNotFound"})

    def _found(self) -> Reply:
        """As the hub tells of a large file: the facts, and another address to fetch it from."""
        headers = {
            "X-Repo-Commit": self.pin.revision,
            "X-Linked-ETag": f'"{self.pin.sha256}"',
            "X-Linked-Size": str(len(self.file)),
            "Location": f"{self.url}/storage",
        }
        return Reply(302, b"", headers)

    def _part(self, wanted: str | None) -> Reply:
        begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        told = {"Content-Range": f"bytes {begin}-{len(self.file) - 1}/{len(self.file)}"} if wanted else {}
        return Reply(206 if wanted else 200, self.file[begin:], told)
