"""A web server that answers by path, and remembers who came: a machine that nobody should reach."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.fakes.behaviours import Answer, Reply
from tests.fakes.http_server import Listening
from tests.fakes.wire import Request
from tests.leaks import WATCH

SECRET = b"SECRET of another machine"


@dataclass
class Trap:
    """`came` has every request of every trap's life; without an answer of its own a path gives the secret."""

    came: list[Request] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def __enter__(self) -> Trap:
        self._listening = Listening(self._answer, 0, None)
        self.port = int(self._listening.url.rpartition(":")[2])
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _answer(self, request: Request) -> Answer:
        self.came.append(request)
        WATCH.look(f"trap {request.path}", repr(request).encode())
        return self.answers.get(request.path, Reply(200, SECRET))
