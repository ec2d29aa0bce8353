"""A Chromium for the browser tests: one on this machine, else Debian's package (as root), else Playwright's own.

python -m tests.find_chromium --install
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSERS = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))


def chromium() -> str | None:
    """The path of a Chromium, or None."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    own = sorted(BROWSERS.glob("chromium-*/chrome-linux*/chrome"))
    return found or (str(own[-1]) if own else None)


def install() -> str | None:
    """Debian's package where this user may install it, else Playwright's own download."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, env=environment, check=False)
    if chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return chromium()


def main() -> int:
    path = chromium() or install()
    if path is None:
        sys.stderr.write("No Chromium was found, and none could be installed: the browser tests will fail.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
