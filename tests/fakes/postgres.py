"""A PostgreSQL of one's own in a temporary folder, reached by a socket in it; nothing listens on the network."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = [Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt")]
USER = "nobody"  # PostgreSQL refuses to run as root
QUICK = "-c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=60"


def programs() -> Path | None:
    """The folder with `initdb` and `pg_ctl`; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return next((path.parent for place in PLACES for path in sorted(place.glob("*/bin/initdb"), reverse=True)), None)


@contextmanager
def postgres() -> Iterator[str]:
    """Its address, for as long as it runs."""
    bin_folder = programs()
    if bin_folder is None:
        raise RuntimeError("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        user = USER if os.geteuid() == 0 else getpass.getuser()
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        data = folder / "data"
        _run(user, bin_folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N")
        _run(user, bin_folder / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", f"-k {folder} {QUICK}", "start")
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            _run(user, bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _run(user: str, *command: object) -> None:
    who = user if os.geteuid() == 0 else None
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, cwd="/", user=who)
