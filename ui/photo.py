"""The photo drop zone: hands over an uploaded file untouched. Nothing else of this machine can be named here."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.component_meta import ComponentMeta
from gradio.context import LocalContext
from gradio.data_classes import ImageData
from gradio.utils import get_upload_folder

from domain import Language
from errors import InvalidPhoto, PhotoFault
from gate import Reach, fetch, from_data_uri
from ui.faults import apology, toast
from ui.form import PASSING
from ui.strings import language_of
from ui.visitor import visitor_key

WEB = ("http://", "https://")


class _WithoutStub(ComponentMeta):  # type: ignore[misc]  # Gradio is untyped here
    """Gradio's own metaclass writes a .pyi file beside the source of every component; the source stays as it is."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> type:
        made: type = super(ComponentMeta, cls).__new__(cls, name, bases, attributes)
        return made


class PhotoInput(gr.Image, metaclass=_WithoutStub):  # type: ignore[misc]
    """gr.Image without decoding: what the file is, is judged by its content, later and elsewhere.

    Programs may also give a web address or a data URI; both become a file of the upload folder, within bounds.
    """

    is_template = True
    reach = Reach()

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        """Takes the place of Gradio's download, which has no limit on bytes, and follows twenty redirects."""
        address = str(url_or_file_path or "")
        if not address.lower().startswith(WEB):
            moved: str | None = await super().async_move_resource_to_block_cache(url_or_file_path)
            return moved
        try:
            return self._kept(await fetch(address, self.reach, visitor_key(_request())))
        except InvalidPhoto as fault:
            raise toast(apology(fault, _language()), _language()) from fault

    def preprocess(self, payload: ImageData | None) -> str | None:
        """The file's path; Gradio's own guard is repeated here because a hole in it would give away any file."""
        if payload is None or not (payload.path or payload.url):
            return None
        try:
            return self._embedded(payload.url or "") if not payload.path else str(_uploaded(payload.path))
        except InvalidPhoto as fault:
            raise toast(apology(fault, _language()), _language()) from fault

    def _embedded(self, uri: str) -> str:
        if not uri.startswith("data:"):
            raise InvalidPhoto(PhotoFault.ELSEWHERE)
        return self._kept(from_data_uri(uri))

    def _kept(self, data: bytes) -> str:
        """A file as if it had been uploaded, until it is read: nobody could name it a second time."""
        folder = Path(get_upload_folder()) / f"{PASSING}{secrets.token_hex(32)}"
        folder.mkdir(parents=True)
        path = (folder / "photo").resolve()
        path.write_bytes(data)
        self.temp_files.add(str(path))
        return str(path)


def _uploaded(given: str) -> Path:
    """Links are followed before the folder is looked at."""
    try:
        path = Path(given).resolve()
        if path.is_relative_to(Path(get_upload_folder()).resolve()) and path.is_file():
            return path
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidPhoto(PhotoFault.ELSEWHERE) from error
    raise InvalidPhoto(PhotoFault.ELSEWHERE)


def _request() -> gr.Request | None:
    request: gr.Request | None = LocalContext.request.get(None)
    return request


def _language() -> Language:
    return language_of(_request())


def photo_input(**options: Any) -> PhotoInput:
    return PhotoInput(type="filepath", image_mode=None, buttons=[], **options)
