"""The page and the named endpoints."""

from ui.janitor import delete_copies, sweep
from ui.page import LAUNCH, UPLOADS_KEPT_S, build
from ui.run_tab import RUNS
from ui.tools import set_up_tools

__all__ = ["LAUNCH", "RUNS", "UPLOADS_KEPT_S", "build", "delete_copies", "set_up_tools", "sweep"]
