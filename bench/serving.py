"""A program of its own for a benchmark: started as its owner starts it, watched from outside, stopped at the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.serving import free_port

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 90
TOKEN = "r8_never-to-be-seen-0123456789"  # noqa: S105  # a fake, to be looked for


@dataclass(frozen=True)
class Program:
    """`folder` has everything that it writes: data, Gradio's files, its log."""

    url: str
    folder: Path
    pid: int

    @property
    def tree(self) -> list[int]:
        """The process and all below it."""
        found = [self.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*"):
                found += [int(child) for child in _read(task / "children").split()]
        return found

    @property
    def megabytes(self) -> float:
        """What the whole tree holds in memory right now; shared pages count for every process."""
        pages = sum(int(_read(Path(f"/proc/{pid}/statm")).split()[1]) for pid in self.tree if _read(_statm(pid)))
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


def _statm(pid: int) -> Path:
    return Path(f"/proc/{pid}/statm")


def _read(path: Path) -> str:
    """Empty when the process has just ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


@contextmanager
def program(folder: Path, **settings: str) -> Iterator[Program]:
    """Serves on a free port with the given environment variables, and ends as with Ctrl-C."""
    port = free_port()
    own = {
        "DATA_DIR": str(folder / "data"),
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(  # our own program
            [sys.executable, "app.py"], cwd=ROOT, env={**os.environ, **own, **settings}, stdout=log, stderr=log
        )
        try:
            _await(f"http://127.0.0.1:{port}", started)
            yield Program(f"http://127.0.0.1:{port}", folder, started.pid)
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(60)


def _await(url: str, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and started.poll() is None:
        try:
            httpx.get(f"{url}/health", timeout=5)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the program does not start")
