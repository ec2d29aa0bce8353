"""The drop zone for many files: hands over uploaded files under the names their owner gave them, and no other file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from gradio.data_classes import ListFiles
from gradio.utils import get_upload_folder

from batches import Handed
from errors import PhotoFault
from ui.faults import Sentence, toast
from ui.line import upload_of
from ui.photo import WEB, _WithoutStub
from ui.strings import language_of
from wording import say


class FilesInput(gr.File, metaclass=_WithoutStub):  # type: ignore[misc]
    """gr.File that keeps the original names; Gradio's own guard of paths is repeated here, as for single photos."""

    is_template = True

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        _refuse_web(url_or_file_path)
        moved: str | None = await super().async_move_resource_to_block_cache(url_or_file_path)
        return moved

    def preprocess(self, payload: ListFiles | None) -> list[Handed]:
        return handed_over(payload)


class FolderButton(gr.UploadButton, metaclass=_WithoutStub):  # type: ignore[misc]
    """The same for a folder that is chosen instead of dropped. A base of ours would hide Gradio's from the page."""

    is_template = True

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        _refuse_web(url_or_file_path)
        moved: str | None = await super().async_move_resource_to_block_cache(url_or_file_path)
        return moved

    def preprocess(self, payload: ListFiles | None) -> list[Handed]:
        return handed_over(payload)


def handed_over(payload: Any) -> list[Handed]:
    """Raises a toast for a file that was not uploaded here."""
    return [Handed(file.orig_name or Path(file.path).name, _ours(file.path)) for file in (payload or [])]


def folders_of(files: Sequence[Handed]) -> tuple[str, ...]:
    """Where they lie among the uploads."""
    return tuple(upload_of(str(file.path)) for file in files)


def _refuse_web(address: str | Path | None) -> None:
    """Gradio would fetch it, however much comes from there."""
    if str(address or "").lower().startswith(WEB):
        raise _elsewhere()


def _ours(given: str) -> Path:
    path = Path(given).resolve()
    if not path.is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
        raise _elsewhere()
    return path


def _elsewhere() -> Sentence:
    language = language_of(LocalContext.request.get(None))
    return toast(say(f"error.{PhotoFault.ELSEWHERE}", {}, language), language)
