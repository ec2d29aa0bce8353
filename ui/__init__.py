"""The page and the named endpoints."""

from ui.janitor import delete_copies, sweep
from ui.line import standing
from ui.page import LAUNCH, UPLOADS_KEPT_S, build
from ui.run_tab import RUNS
from ui.sessions import forget_idle, set_up_sessions
from ui.tools import set_up_tools

__all__ = [
    "LAUNCH",
    "RUNS",
    "UPLOADS_KEPT_S",
    "build",
    "delete_copies",
    "forget_idle",
    "set_up_sessions",
    "set_up_tools",
    "standing",
    "sweep",
]
