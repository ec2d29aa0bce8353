"""The other end of the pipes: decodes one picture after another. Run as a script by `gate.child`, never imported.

Started with `python -I`, an empty environment and no open file but the pipes; its limits are the first thing it sets.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn", "shutil.")


def confine(memory: int) -> None:
    """Address space in bytes; no core, no file to write, few to open. Python's own doors are shut as well."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(kind, (most, most))
    sys.addaudithook(_refuse)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(FORBIDDEN):
        raise PermissionError(event)


def allow_seconds(seconds: float) -> None:
    """So much processor time from now on; the kernel ends the process when it is used up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def without_opencv() -> None:
    """`imaging.decode` needs Pillow alone: the package's own imports would cost 0.6 s and 20 MB here."""
    bare = ModuleType("imaging")
    bare.__path__ = [str(ROOT / "imaging")]
    sys.modules["imaging"] = bare
    sys.path.insert(0, str(ROOT))


def megabytes() -> int:
    """The most memory this process ever held; `getrusage` would count what its parent held at the fork."""
    try:
        told = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(told.partition("VmHWM:")[2].split()[0]) >> 10


def serve(memory: int, cpu_seconds: float) -> None:
    without_opencv()
    from errors import InvalidPhoto
    from gate.frames import read_frame, write_frame
    from imaging.decode import decode, decode_picture

    confine(memory)
    pipe_in, pipe_out = sys.stdin.buffer, sys.stdout.buffer
    write_frame(pipe_out, {"ready": True})
    while True:
        allow_seconds(cpu_seconds)
        asked, data = read_frame(pipe_in)
        try:
            photo = decode(data) if asked["kind"] == "photo" else None
            pixels = photo.pixels if photo else decode_picture(data)
        except InvalidPhoto as fault:
            write_frame(pipe_out, {"fault": fault.code, "facts": dict(fault.facts), "megabytes": megabytes()})
            continue
        told = {"width": pixels.width, "height": pixels.height, "mode": pixels.mode, "megabytes": megabytes()}
        write_frame(pipe_out, {**told, "sha256": photo.sha256 if photo else ""}, pixels.data)
        del data, photo, pixels


if __name__ == "__main__":
    try:
        serve(**json.loads(sys.argv[1]))
    except (EOFError, BrokenPipeError):
        sys.exit(0)  # the program at the other end is gone
