"""Mending a cutout by hand, under the result: a brush that keeps or erases, the edge, undo and reset."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MethodType
from typing import Any

import gradio as gr

from domain import MOST_SHIFT_PX, MOST_SOFTNESS_PX, Language, TouchUp
from errors import InvalidPhoto, NothingToDo, PhotoFault
from runs import Change, Mended, RunFiles
from service import Service  # at run time: Gradio reads the handlers' hints to find the request
from ui import status
from ui.easel import easel
from ui.faults import apology, toast
from ui.mending import Mending
from ui.screen import Screen, slider
from ui.status import Mood
from ui.strings import label, language_of, words

BRUSH = Path(__file__).with_name("brush.js").read_text(encoding="utf-8")
# The painting is read from the page at the click; it takes the place of the first input.
SEND_STROKES = "(_, ...others) => [window.cutoutStrokes(), ...others]"
# The button lies under the picture: on a phone the change would happen out of sight.
SHOW_EASEL = "() => { document.querySelector('#touchup-editor')?.scrollIntoView({ block: 'nearest' }); }"
PNG_URL = "data:image/png;base64,"
PAINTING_MOST_CHARACTERS = 8_000_000
AT_ONCE = 2

Outputs = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One value for each output of a touch-up; None leaves it as it is. `Pieces` names the components."""

    status: Any = None
    picture: Any = None
    cutout: Any = None
    matte: Any = None
    editor: Any = None
    softness: Any = None
    shift: Any = None
    holes: Any = None
    main: Any = None
    apply: Any = None
    undo: Any = None
    reset: Any = None
    mending: Any = None

    def outputs(self) -> Outputs:
        given = (getattr(self, one.name) for one in fields(self))
        return tuple(gr.skip() if value is None else value for value in given)


# Handlers.


async def open_easel(service: Service, mending: Mending, request: gr.Request) -> Outputs:
    """The section was opened: what to paint on, and the finish that is in force."""
    language = language_of(request)
    try:
        shown, _ = await asyncio.gather(
            service.show_step(mending.run_id, mending.step), service.warm_up(mending.run_id, mending.step)
        )
    except Exception as error:
        raise toast(apology(error, language), language) from error
    return View(**_easel(shown, mending, language)).outputs()


async def apply(
    service: Service,
    painting: str | None,
    softness: float,
    shift: float,
    holes: bool,
    main: bool,
    mending: Mending,
    request: gr.Request,
) -> AsyncIterator[Outputs]:
    language = language_of(request)
    yield View(apply=gr.update(value=words("touchup_busy", language), interactive=False)).outputs()
    try:
        options = TouchUp(softness=softness, shift=shift, fill_holes=holes, main_only=main)
        made = await _mend(service, mending, _png(painting), options)
        after = mending.after(made.step, options)
        yield _at_once(made, after, language).outputs()
        files = await service.step_files(mending.run_id, made.step)
        yield _files(files, after, language).outputs()
    except Exception as error:
        yield View(apply=_ready(language)).outputs()
        raise toast(apology(error, language), language) from error


async def _mend(service: Service, mending: Mending, painted: bytes | None, options: TouchUp) -> Mended:
    if painted is None and options == mending.options:
        raise NothingToDo
    return await service.touch_up(mending.run_id, mending.step, painted, options)


async def undo(service: Service, mending: Mending, request: gr.Request) -> Outputs:
    return await _back(service, mending.back(), Change.UNDONE, language_of(request))


async def reset(service: Service, mending: Mending, request: gr.Request) -> Outputs:
    return await _back(service, mending.fresh(), Change.RESET, language_of(request))


async def _back(service: Service, mending: Mending, change: Change, language: Language) -> Outputs:
    try:
        shown = await service.show_step(mending.run_id, mending.step, change)
    except Exception as error:
        raise toast(apology(error, language), language) from error
    return _shown(shown, mending, status.own(f"status_{change}", Mood.GOOD, language), language).outputs()


def _png(painting: str | None) -> bytes | None:
    """The painting's file from its data URL; nothing but such a URL is looked at."""
    if not painting:
        return None
    if not painting.startswith(PNG_URL) or len(painting) > PAINTING_MOST_CHARACTERS:
        raise InvalidPhoto(PhotoFault.NOT_A_PICTURE)
    try:
        return base64.b64decode(painting.removeprefix(PNG_URL), validate=True)
    except binascii.Error as error:
        raise InvalidPhoto(PhotoFault.DAMAGED) from error


def _shown(made: Mended, mending: Mending, told: Any, language: Language) -> View:
    return View(
        status=told,
        picture=slider(made.files),
        cutout=gr.update(value=str(made.files.cutout), interactive=True),
        matte=gr.update(value=str(made.files.matte), interactive=True),
        apply=_ready(language),
        mending=mending,
        **_easel(made, mending, language),
    )


def _at_once(made: Mended, mending: Mending, language: Language) -> View:
    """The new cutout is to be seen while its files are written; until then none can be fetched."""
    locked = gr.update(interactive=False)
    return replace(
        _shown(made, mending, status.own("status_saving", Mood.BUSY, language), language),
        cutout=locked,
        matte=locked,
        apply=gr.update(value=words("touchup_saving", language), interactive=False),
        undo=locked,
        reset=locked,
    )


def _files(files: RunFiles, mending: Mending, language: Language) -> View:
    again = gr.update(interactive=bool(mending.steps))
    return View(
        status=status.own("status_mended", Mood.GOOD, language),
        cutout=gr.update(value=str(files.cutout), interactive=True),
        matte=gr.update(value=str(files.matte), interactive=True),
        apply=_ready(language),
        undo=again,
        reset=again,
    )


def _easel(made: Mended, mending: Mending, language: Language) -> dict[str, Any]:
    options, stepped = mending.options, bool(mending.steps)
    return {
        "editor": easel(made.easel, language),
        "softness": options.softness,
        "shift": options.shift,
        "holes": options.fill_holes,
        "main": options.main_only,
        "undo": gr.update(interactive=stepped),
        "reset": gr.update(interactive=stepped),
    }


def _ready(language: Language) -> Any:
    return gr.update(value=words("touchup_apply", language), interactive=True)


# Layout.


@dataclass(frozen=True, slots=True)
class Pieces:
    section: gr.Accordion
    editor: gr.HTML
    painting: gr.Textbox
    softness: gr.Slider
    shift: gr.Slider
    holes: gr.Checkbox
    main: gr.Checkbox
    apply: gr.Button
    undo: gr.Button
    reset: gr.Button
    mending: gr.State

    @property
    def finish(self) -> list[gr.components.Component]:
        """In the order in which `apply` takes them."""
        return [self.softness, self.shift, self.holes, self.main]

    def outputs(self, shown: Screen) -> list[Any]:
        """The components of `View`, some of which are the page's own."""
        of_page = {one: getattr(shown, one) for one in ("status", "picture", "cutout", "matte")}
        return [of_page.get(one.name) or getattr(self, one.name) for one in fields(View)]


def layout() -> Pieces:
    with gr.Accordion(label("touchup"), open=False, visible=False, elem_id="touchup") as section:
        editor = gr.HTML(elem_id="touchup-editor")
        painting = gr.Textbox(visible=False)
        with gr.Row(elem_id="touchup-edge"):
            softness = _slider("softness", 0, MOST_SOFTNESS_PX)
            shift = _slider("shift", -MOST_SHIFT_PX, MOST_SHIFT_PX)
        with gr.Row(elem_id="touchup-switches"):
            holes = gr.Checkbox(label=label("touchup_holes"), elem_id="touchup-holes")
            main = gr.Checkbox(label=label("touchup_main"), elem_id="touchup-main")
        with gr.Row(elem_id="touchup-buttons"):
            apply_button = gr.Button(label("touchup_apply"), variant="primary", elem_id="touchup-apply")
            undo_button = gr.Button(label("touchup_undo"), elem_id="touchup-undo", interactive=False)
            reset_button = gr.Button(label("touchup_reset"), elem_id="touchup-reset", interactive=False)
    mending = gr.State(Mending())
    return Pieces(
        section, editor, painting, softness, shift, holes, main, apply_button, undo_button, reset_button, mending
    )


def _slider(name: str, least: float, most: float) -> gr.Slider:
    return gr.Slider(
        least, most, value=0, step=0.5, label=label(f"touchup_{name}"), elem_id=f"touchup-{name}", buttons=[]
    )


# Wiring.


def wire(service: Service, pieces: Pieces, shown: Screen, demo: gr.Blocks, quiet: dict[str, Any]) -> None:
    outputs = pieces.outputs(shown)
    together = {"concurrency_limit": AT_ONCE, "concurrency_id": "touchup", **quiet}
    demo.load(None, js=BRUSH, api_visibility="private")
    pieces.section.expand(MethodType(open_easel, service), pieces.mending, outputs, **together)
    pieces.apply.click(
        MethodType(apply, service),
        [pieces.painting, *pieces.finish, pieces.mending],
        outputs,
        js=SEND_STROKES,
        **together,
    )
    for button in (pieces.apply, pieces.undo, pieces.reset):
        button.click(None, js=SHOW_EASEL, api_visibility="private")
    pieces.undo.click(MethodType(undo, service), pieces.mending, outputs, **together)
    pieces.reset.click(MethodType(reset, service), pieces.mending, outputs, **together)
