"""Which addresses exist. Gradio has many more than a visitor needs; those are closed by not being listed here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from outside.request import Asked

API = "/gradio_api/"
FILE = API + "file="
DIRECT = API + "run/predict"  # what the page does without the queue: it fills the form from an example
RESET = API + "reset"
CALLS = (API + "queue/join", API + "call/", API + "cancel", RESET, DIRECT)
UPLOAD = API + "upload"
MCP = API + "mcp"

READ = (
    FILE,
    API + "info",
    API + "app_id",
    API + "startup-events",
    API + "heartbeat/",
    API + "queue/data",
    API + "queue/status",
    API + "upload_progress",
    API + "call/",
    API + "theme.css",
    API + "openapi.json",
    MCP,
)
WRITTEN = (*CALLS, UPLOAD, MCP)
CLOSED = ("/monitoring", "/login", "/logout", "/svelte", "/custom_component", "/dev", "/docs", "/redoc")
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE"})


def is_open(asked: Asked, shown: Sequence[Path]) -> bool:
    """`shown` are the folders whose files may be fetched by name, by those who know the name."""
    if asked.method not in METHODS or any(ord(letter) < 32 for letter in asked.path):
        return False
    if asked.path.startswith(FILE):
        return asked.reads and _is_shown(asked.path.removeprefix(FILE), shown)
    if asked.path.startswith(API.rstrip("/")):
        return _listed(asked.path, READ if asked.reads else WRITTEN)
    return not _listed(asked.path, CLOSED)


def _listed(path: str, doors: Sequence[str]) -> bool:
    """A door with an open end ("/", "=") leads to what lies behind it; any other is a whole word of the path."""
    return any(
        path.startswith(door) if door.endswith(("/", "=")) else path == door or path.startswith(door + "/")
        for door in doors
    )


def _is_shown(name: str, shown: Sequence[Path]) -> bool:
    """No address instead of a file, no folder, no way up, no link that leads elsewhere."""
    try:
        path = Path(name)
        if not path.is_absolute() or ".." in path.parts:
            return False
        real = path.resolve()
        return real.is_file() and any(real.is_relative_to(folder.resolve()) for folder in shown)
    except (OSError, ValueError):
        return False
