"""The finished files of runs: written aside, then moved into place, so that a file is whole or not there."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from domain import Cutout, Photo
from imaging import encode_png, encode_preview, matte_of
from runs.events import RunFiles


class FileStore:
    """One folder a run under `root`; the names inside are fixed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, run_id: str, photo: Photo, cutout: Cutout, *, draft: bool = False) -> RunFiles:
        """Write the exports and the previews of one cutout."""
        folder = self.root / run_id
        folder.mkdir(parents=True, exist_ok=True)
        prefix = "draft-" if draft else ""
        return RunFiles(
            before=_write(folder / "before.webp", encode_preview(photo.pixels)),
            after=_write(folder / f"{prefix}after.webp", encode_preview(cutout.pixels)),
            cutout=_write(folder / f"{prefix}cutout.png", encode_png(cutout.pixels)),
            matte=_write(folder / f"{prefix}matte.png", encode_png(matte_of(cutout))),
        )

    def purge(self, older_than_s: float) -> int:
        """Delete the files of runs that ended longer ago than that; answers with how many."""
        limit = time.time() - older_than_s
        old = [folder for folder in self.root.glob("*") if folder.is_dir() and folder.stat().st_mtime < limit]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)
        return len(old)


def _write(path: Path, data: bytes) -> Path:
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(data)
    return part.replace(path)
