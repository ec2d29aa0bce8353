"""The page: `build` makes the Blocks, `LAUNCH` is what `launch` needs to know of its look."""

from ui.page import LAUNCH, build

__all__ = ["LAUNCH", "build"]
