"""A visitor's say over their pictures: deleted when they press the button, from everywhere."""

from __future__ import annotations

from types import MethodType
from typing import Any

import gradio as gr

from service import Service  # at run time: Gradio reads the handlers' hints to find the request
from ui import screen, status
from ui.faults import apology, toast
from ui.line import upload_of
from ui.screen import Screen
from ui.status import Mood
from ui.strings import caller_of, label, language_of
from ui.visitor import owner_of


async def delete(service: Service, photo: str | None, request: gr.Request) -> tuple[Any, ...]:
    """The button: the photo leaves the form as well, since its file is gone."""
    language = language_of(request)
    try:
        await service.privacy.delete(owner_of(request), upload_of(photo))
    except Exception as error:
        raise toast(apology(error, language), language) from error
    cleared = screen.cleared(status.own("status_deleted", Mood.GOOD, language), language)
    return None, *cleared.outputs()


async def delete_pictures(service: Service, request: gr.Request) -> dict[str, int]:
    """Delete every picture of this client's runs: photos, cutouts, and all copies of them.

    Returns:
        How many runs had pictures.
    """
    language = caller_of(request)
    try:
        return {"deleted": await service.privacy.delete(owner_of(request))}
    except Exception as error:
        raise toast(apology(error, language), language) from error


def button() -> gr.Button:
    return gr.Button(label("delete_pictures"), size="sm", variant="secondary", elem_id="delete-pictures")


def wire(service: Service, pressed: gr.Button, photo: gr.components.Component, shown: Screen, quiet: Any) -> None:
    pressed.click(MethodType(delete, service), photo, [photo, *shown.outputs()], **quiet)


def endpoint(service: Service) -> None:
    """Callable by clients whose session it is; no tool, since a tool's call is a session of its own."""
    gr.Button().click(
        MethodType(delete_pictures, service),
        None,
        gr.JSON(label="Deleted"),
        api_name="delete_pictures",
        api_visibility="undocumented",
        concurrency_limit=None,
    )
