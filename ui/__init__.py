"""The page and the named endpoints."""

from ui.janitor import delete_copies, sweep
from ui.page import LAUNCH, UPLOADS_KEPT_S, build

__all__ = ["LAUNCH", "UPLOADS_KEPT_S", "build", "delete_copies", "sweep"]
