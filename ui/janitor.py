"""What Gradio keeps of visitors' files, and when it goes: uploads, aborted uploads, and copies of finished files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import gradio as gr
from gradio.processing_utils import hash_file
from gradio.utils import get_upload_folder


def delete_copies(file: Path) -> None:
    """Gradio serves a copy of every finished file, in a folder named after the file's content."""
    with suppress(OSError):
        folder = Path(get_upload_folder()) / hash_file(file)
        for copy in folder.glob("*"):
            copy.unlink(missing_ok=True)
        folder.rmdir()


def sweep(page: gr.Blocks, older_than_s: float) -> int:
    """Delete files older than that; Gradio forgets those that came before its start, or whose upload broke off."""
    limit, root, spared = time.time() - older_than_s, Path(get_upload_folder()), pages_own(page)
    old = [path for path in _files(root) if path.resolve() not in spared and _changed(path) < limit]
    for path in old:
        path.unlink(missing_ok=True)
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        if _changed(folder) < limit:
            with suppress(OSError):  # not empty
                folder.rmdir()
    return len(old)


def pages_own(page: gr.Blocks) -> set[Path]:
    """The files that the page itself shows, above all the examples."""
    return {Path(path).resolve() for block in page.blocks.values() for path in getattr(block, "keep_in_cache", ())}


def _files(root: Path) -> Iterator[Path]:
    """Links are removed and never followed."""
    return (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())


def _changed(path: Path) -> float:
    """Copies keep the time of what they were made from; that of their entry is their own."""
    try:
        return path.lstat().st_ctime
    except OSError:
        return time.time()
