"""One worker process as its owner sees it: asked over pipes, killed at a deadline."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO, cast

from gate.frames import Header, read_frame, write_frame
from gate.limits import Limits

WORKER = Path(__file__).with_name("worker.py")
ENVIRONMENT = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
START_S = 60.0
PIPE_BYTES = 1 << 20  # the most that Linux grants; a 12-megapixel photo is 36 MB


class Died(Exception):
    """The process is gone; `overtaxed` when a limit on time ended it."""

    def __init__(self, overtaxed: bool) -> None:
        super().__init__("overtaxed" if overtaxed else "crashed")
        self.overtaxed = overtaxed


class Child:
    """Started at once, ready when the first question is answered. Nothing of our environment is handed down."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        given = json.dumps({"memory": limits.memory_bytes, "cpu_seconds": limits.cpu_s})
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and script
            [sys.executable, "-I", str(WORKER), given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            pipesize=PIPE_BYTES,
        )
        self._ready = False
        self._answered = 0
        self._megabytes = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def worn(self) -> bool:
        """A process that held a large picture, or many, makes room for a fresh one."""
        return self._answered >= self._limits.jobs or self._megabytes > self._limits.worn_megabytes

    def ask(self, kind: str, data: bytes) -> tuple[Header, bytes]:
        """Raises `Died`; whatever the reason, the process is gone then."""
        self._await_ready()
        header, body = self._within(self._limits.seconds, kind, data)
        self._answered += 1
        self._megabytes = int(header["megabytes"])
        return header, body

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                _close(pipe)

    def _await_ready(self) -> None:
        """A worker that never gets ready is a fault of ours and not of a picture."""
        if self._ready:
            return
        timer = self._killing(START_S)
        try:
            read_frame(self._pipe(self._process.stdout))
        except EOFError as error:
            raise RuntimeError("the picture worker does not start") from error
        finally:
            timer.cancel()
        self._ready = True

    def _within(self, seconds: float, kind: str, data: bytes) -> tuple[Header, bytes]:
        timer = self._killing(seconds)
        try:
            write_frame(self._pipe(self._process.stdin), {"kind": kind}, data)
            return read_frame(self._pipe(self._process.stdout))
        except (EOFError, OSError) as error:
            raise Died(overtaxed=self._was_stopped()) from error
        finally:
            timer.cancel()

    def _was_stopped(self) -> bool:
        """By our timer or the kernel's clock; a memory killer of the system looks the same, and is as just."""
        return self._process.wait() in self._limits.stopping_signals

    def _killing(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        return timer

    @staticmethod
    def _pipe(pipe: object) -> BinaryIO:
        return cast("BinaryIO", pipe)


def _close(pipe: object) -> None:
    """What could not be written any more is of no interest."""
    try:
        cast("BinaryIO", pipe).close()
    except OSError:
        return
