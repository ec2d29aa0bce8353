"""The program in a process of its own, to be stopped, killed and started again as a machine does it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.serving import free_port

ROOT = Path(__file__).parent.parent
STARTS_WITHIN_S = 60


@dataclass
class Program:
    """`python app.py` on one port, with the same settings at each start; deaf to Ctrl-C, as what a script starts is."""

    data_dir: Path
    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        own = {"DATA_DIR": str(self.data_dir), "GRADIO_SERVER_PORT": str(self.port), **self.settings}
        with (self.data_dir.parent / "program.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", 'trap "" INT; exec "$0" app.py', sys.executable],
                cwd=ROOT,
                env={**os.environ, **own},
                stdout=log,
                stderr=log,
            )
        ends = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, "it ended at the start"
            assert time.monotonic() < ends, "it does not answer"
            time.sleep(0.1)

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Returns when it is gone, with its exit status."""
        assert self._process
        self._process.send_signal(by)
        return self._process.wait(timeout=60)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running(data_dir: Path, **settings: str) -> Iterator[Program]:
    program = Program(data_dir, settings)
    data_dir.mkdir(parents=True, exist_ok=True)
    program.start()
    try:
        yield program
    finally:
        program.end(signal.SIGKILL)
