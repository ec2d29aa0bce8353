"""What programs call for a file for a marketplace: one more named endpoint, and tool of MCP."""

from __future__ import annotations

from types import MethodType

import gradio as gr

from domain import CUSTOM, BackgroundKind, ExportFormat, Placement
from service import Service  # at run time: Gradio reads the handlers' hints to find the request
from ui.asking import Json, known, said
from ui.export_form import listed_options
from ui.export_panel import AT_ONCE
from ui.form import photo_bytes
from ui.line import note
from ui.photo import photo_input
from ui.strings import caller_of
from ui.visitor import visitor_key


async def export(
    service: Service,
    run_id: str,
    marketplace: str = "custom",
    step: int = 0,
    background: str = "white",
    colour: str | None = None,
    second_colour: str | None = None,
    picture: str | None = None,
    generated: bool = False,
    placement: str = "centre",
    shadow: bool = False,
    width: int | None = None,
    height: int | None = None,
    fill: float | None = None,
    file_format: str = "auto",
    enlarge: bool = False,
    request: gr.Request | None = None,
) -> tuple[str, Json]:
    """Make a file that a marketplace takes from the cutout of a run, and say what its rules say to the file.

    Args:
        run_id: The id of a run, as process gave it.
        marketplace: For example "amazon", "ozon" or "wildberries"; "custom" has no rules.
        step: 0 is the model's own cutout; 1 and up are touch-ups.
        background: "white", "colour", "gradient" (from colour at the top to second_colour) or "picture".
        colour: Of the background, like "#F3EFE8".
        second_colour: The lower end of a gradient.
        picture: A picture of yours for the background.
        generated: The background picture was made by AI; the file will say so.
        placement: "centre" or "bottom".
        shadow: A soft shadow under the product.
        width: Of the canvas in pixels, with height; left out, the marketplace's rules decide.
        height: Of the canvas in pixels.
        fill: The product's share of the canvas where it is fullest, 0.1 to 1; left out, the rules decide.
        file_format: "jpeg", "png", "webp", or "auto" for what the marketplace takes.
        enlarge: A product with too few pixels may be enlarged.

    Returns:
        The finished file, and its report: every check with pass, fail or unknown, the rule, its source and its date.
    """
    language = caller_of(request)
    try:
        await note(service, picture, request)
        known("marketplace", marketplace or CUSTOM, tuple(service.exports.rules), language)
        options = listed_options(
            background,
            placement,
            file_format,
            language,
            marketplace=marketplace or CUSTOM,
            colour=colour,
            second=second_colour,
            generated=bool(generated),
            shadow=shadow,
            width=width,
            height=height,
            fill=fill,
            enlarge=enlarge,
        )
        behind = await photo_bytes(picture) if picture else None
        made = await service.exports.make(str(run_id or ""), int(step or 0), options, behind, visitor_key(request))
        return str(made.files.file), service.exports.report(made, language).model_dump(mode="json")
    except Exception as error:
        raise said(error, language) from error


def build(service: Service) -> None:
    """The fields in the order in which `export` takes them."""
    gr.Button().click(
        MethodType(export, service),
        [
            gr.Textbox(label="Run id"),
            gr.Textbox(CUSTOM, label="Marketplace"),
            gr.Number(0, label="Step", precision=0),
            gr.Textbox(BackgroundKind.WHITE.value, label="Background"),
            gr.Textbox(label="Colour"),
            gr.Textbox(label="Second colour"),
            photo_input(label="Picture"),
            gr.Checkbox(label="Made by AI"),
            gr.Textbox(Placement.CENTRE.value, label="Placement"),
            gr.Checkbox(label="Shadow"),
            gr.Number(None, label="Width", precision=0),
            gr.Number(None, label="Height", precision=0),
            gr.Number(None, label="Fill"),
            gr.Textbox(ExportFormat.AUTO.value, label="File format"),
            gr.Checkbox(label="May enlarge"),
        ],
        [gr.File(label="File"), gr.JSON(label="Report")],
        api_name="export",
        concurrency_limit=AT_ONCE,
        concurrency_id="export",
    )
