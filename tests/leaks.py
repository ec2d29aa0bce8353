"""The fake token is looked for wherever it must never be: answers, logs, files, databases, and machines of others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.fakes.replicate_server import ReplicateServer

TOKEN = ReplicateServer.token.encode()
MOST_LOOKED_AT = 64 << 20


class Watch:
    """`found` names the places; `looked` counts them, so that a watch that sees nothing is noticed."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.looked = 0

    def look(self, where: str, data: bytes) -> None:
        self.looked += 1
        if TOKEN in data:
            self.found.append(where)

    def look_into(self, folders: Iterable[Path]) -> None:
        """Databases and their logs are files like others."""
        for folder in folders:
            for path in folder.rglob("*"):
                if path.is_file() and not path.is_symlink() and path.stat().st_size < MOST_LOOKED_AT:
                    self.look(str(path), path.read_bytes())


WATCH = Watch()


def watched(inner: Any) -> Any:
    """A server whose every answer is looked at: its headers, and its body as it goes."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        tail = b""

        async def looked_at(message: Any) -> None:
            nonlocal tail
            if message["type"] == "http.response.start":
                WATCH.look(f"headers of {scope['path']}", repr(message["headers"]).encode())
            tail = tail[-len(TOKEN) :] + message.get("body", b"")
            WATCH.look(f"answer to {scope['path']}", tail)
            await send(message)

        await inner(scope, receive, looked_at)

    return answer
