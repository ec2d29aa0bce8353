"""The photo drop zone: hands over an uploaded file untouched, and nothing but an uploaded file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.component_meta import ComponentMeta
from gradio.context import LocalContext
from gradio.data_classes import ImageData
from gradio.utils import get_upload_folder

from ui.faults import toast
from ui.strings import language_of, words


class _WithoutStub(ComponentMeta):  # type: ignore[misc]  # Gradio is untyped here
    """Gradio's own metaclass writes a .pyi file beside the source of every component; the source stays as it is."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> type:
        made: type = super(ComponentMeta, cls).__new__(cls, name, bases, attributes)
        return made


class PhotoInput(gr.Image, metaclass=_WithoutStub):  # type: ignore[misc]
    """gr.Image without decoding: what the file is, is judged by its content, later and elsewhere."""

    is_template = True

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The file's path; Gradio's own guard is repeated here because a hole in it would give away any file."""
        if payload is None or not payload.path:
            return None
        path = Path(payload.path).resolve()
        if not path.is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
            language = language_of(LocalContext.request.get(None))
            raise toast(words("photo_elsewhere", language), language)
        return str(path)


def photo_input(**options: Any) -> PhotoInput:
    return PhotoInput(type="filepath", image_mode=None, buttons=[], **options)
