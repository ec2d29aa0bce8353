"""Under the result: a file for a marketplace, and what its rules say to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields
from types import MethodType
from typing import Any

import gradio as gr

from domain import CUSTOM, BackgroundKind, Language
from service import Service  # at run time: Gradio reads the handlers' hints to find the request
from ui import looks
from ui.choices import ANYWHERE, marketplace_choices
from ui.compliance import report_table, rules_table
from ui.export_form import export_options
from ui.faults import apology, toast
from ui.form import photo_bytes
from ui.line import note
from ui.markup import Html
from ui.mending import Mending
from ui.photo import PhotoInput, photo_input
from ui.strings import label, language_of, words
from ui.visitor import visitor_key

AT_ONCE = 2
USUAL_SIDE_PX = 1600

Outputs = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One value for each output; None leaves it as it is. `Pieces` has the components under the same names."""

    section: Any = None
    marketplace: Any = None
    size: Any = None
    make: Any = None
    download: Any = None
    told: Any = None

    def outputs(self) -> Outputs:
        given = (getattr(self, one.name) for one in fields(self))
        return tuple(gr.skip() if value is None else value for value in given)


# Handlers.


def another_cutout(service: Service, marketplace: str, mending: Mending, request: gr.Request) -> Outputs:
    """A run ended, began, or its cutout was mended: what was exported before is not this cutout any more."""
    language = language_of(request)
    shown = gr.update(visible=bool(mending.run_id))
    choices = gr.update(choices=choices_of(service, language))
    return View(section=shown, marketplace=choices, **_rules(service, marketplace, language)).outputs()


def another_marketplace(service: Service, marketplace: str, request: gr.Request) -> Outputs:
    return View(**_rules(service, marketplace, language_of(request))).outputs()


def follow_form(wished: str) -> Any:
    """Where it will be sold was said in the form already."""
    return gr.skip() if wished == ANYWHERE else wished


def another_background(kind: str) -> Outputs:
    """Colours, the second of them, picture and its mark: only what this background needs is shown."""
    pictured = gr.update(visible=kind == BackgroundKind.PICTURE)
    return *looks.shown_shades(kind), pictured, pictured


async def make(
    service: Service,
    marketplace: str,
    background: str,
    colour: str | None,
    second: str | None,
    picture: str | None,
    generated: bool,
    placement: str,
    shadow: bool,
    width: float | None,
    height: float | None,
    fill: int,
    file_format: str,
    enlarge: bool,
    mending: Mending,
    request: gr.Request,
) -> AsyncIterator[Outputs]:
    """Width and height count only where no marketplace says what they should be; `fill` is in percent,
    0 leaves it to the rules."""
    language = language_of(request)
    yield View(make=gr.update(value=words("export_busy", language), interactive=False)).outputs()
    try:
        await note(service, picture, request)
        own = (width, height) if marketplace == CUSTOM else (None, None)
        share = looks.share_of(fill)
        options = export_options(
            marketplace, background, colour, second, generated, placement, shadow, *own, share, file_format, enlarge
        )
        behind = await photo_bytes(picture) if picture and background == BackgroundKind.PICTURE else None
        made = await service.exports.make(mending.run_id, mending.step, options, behind, visitor_key(request))
    except Exception as error:
        yield View(make=_ready(language)).outputs()
        raise toast(apology(error, language), language) from error
    told = report_table(service.exports.report(made, language), made.files.preview, language)
    download = gr.update(value=str(made.files.file), visible=True)
    yield View(make=_ready(language), download=download, told=told).outputs()


def choices_of(service: Service, language: Language) -> list[tuple[str, str]]:
    return marketplace_choices(tuple(service.exports.rules), language)[1:]


def _rules(service: Service, marketplace: str, language: Language) -> dict[str, Any]:
    return {
        "size": gr.update(visible=marketplace == CUSTOM),
        "download": gr.update(value=None, visible=False),
        "told": _told(service, marketplace, language),
    }


def _told(service: Service, marketplace: str, language: Language) -> Html:
    remark = service.exports.rules[marketplace].remark
    rules = service.exports.rule_reports(marketplace, language)
    return rules_table(marketplace, rules, remark.in_language(language) if remark else None, language)


def _ready(language: Language) -> Any:
    return gr.update(value=words("export_make", language), interactive=True)


# Layout.


@dataclass(frozen=True, slots=True)
class Pieces:
    section: gr.Accordion
    marketplace: gr.Dropdown
    file_format: gr.Radio
    size: gr.Row
    width: gr.Number
    height: gr.Number
    background: gr.Radio
    colours: gr.Row
    colour: gr.ColorPicker
    second: gr.ColorPicker
    picture: PhotoInput
    generated: gr.Checkbox
    placement: gr.Radio
    fill: gr.Dropdown
    shadow: gr.Checkbox
    enlarge: gr.Checkbox
    make: gr.Button
    download: gr.DownloadButton
    told: gr.HTML

    @property
    def options(self) -> list[gr.components.Component]:
        """In the order in which `make` takes them."""
        background = [self.background, self.colour, self.second, self.picture, self.generated]
        layout = [self.placement, self.shadow, self.width, self.height, self.fill, self.file_format, self.enlarge]
        return [self.marketplace, *background, *layout]

    @property
    def of_background(self) -> list[Any]:
        return [self.colours, self.second, self.picture, self.generated]

    @property
    def outputs(self) -> list[Any]:
        return [getattr(self, one.name) for one in fields(View)]


def layout(service: Service) -> Pieces:
    with gr.Accordion(label("export"), open=False, visible=False, elem_id="export") as section:
        return Pieces(section, *_canvas(service), *_background(), *_standing(), *_finished())


def _canvas(service: Service) -> tuple[Any, ...]:
    choices = choices_of(service, Language.EN)
    with gr.Row(elem_id="export-where"):
        marketplace = gr.Dropdown(
            choices, value=choices[0][1], label=label("export_marketplace"), elem_id="export-marketplace", min_width=200
        )
        file_format = looks.formats("export-format")
    with gr.Row(visible=False, elem_id="export-size") as size:
        width = gr.Number(USUAL_SIDE_PX, precision=0, label=label("export_width"), min_width=120)
        height = gr.Number(USUAL_SIDE_PX, precision=0, label=label("export_height"), min_width=120)
    return marketplace, file_format, size, width, height


def _background() -> tuple[Any, ...]:
    kind = looks.backgrounds(BackgroundKind, "export-ground")
    colours, colour, second = looks.shades("export")
    picture = photo_input(
        label=label("export_picture"),
        placeholder=label("export_picture_placeholder"),
        visible=False,
        elem_id="export-picture",
        height=170,
    )
    generated = gr.Checkbox(
        label=label("export_generated"),
        info=label("export_generated_info"),
        visible=False,
        elem_id="export-generated",
    )
    return kind, colours, colour, second, picture, generated


def _standing() -> tuple[Any, ...]:
    with gr.Row(elem_id="export-standing"):
        placement, fill = looks.placements("export-place"), looks.shares("export-fill")
    with gr.Row(elem_id="export-switches"):
        shadow = gr.Checkbox(label=label("export_shadow"), elem_id="export-shadow")
        enlarge = gr.Checkbox(
            label=label("export_enlarge"), info=label("export_enlarge_info"), elem_id="export-enlarge"
        )
    return placement, fill, shadow, enlarge


def _finished() -> tuple[Any, ...]:
    button = gr.Button(label("export_make"), variant="primary", elem_id="export-make")
    download = gr.DownloadButton(label("export_download"), visible=False, elem_id="export-download")
    return button, download, gr.HTML(elem_id="export-told")


# Wiring.


def build(service: Service, wished: gr.Dropdown, mending: gr.State, quiet: dict[str, Any]) -> None:
    """`wished` is the form's marketplace; `mending` says which cutout is shown, and whether there is one."""
    pieces = layout(service)
    outputs = pieces.outputs
    mending.change(MethodType(another_cutout, service), [pieces.marketplace, mending], outputs, **quiet)
    wished.change(follow_form, wished, pieces.marketplace, **quiet)
    pieces.marketplace.change(MethodType(another_marketplace, service), pieces.marketplace, outputs, **quiet)
    pieces.background.change(another_background, pieces.background, pieces.of_background, **quiet)
    pieces.make.click(
        MethodType(make, service),
        [*pieces.options, mending],
        outputs,
        concurrency_limit=AT_ONCE,
        concurrency_id="export",
        **quiet,
    )
