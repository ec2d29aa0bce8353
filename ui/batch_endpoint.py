"""What programs call for many photos: two more named endpoints, and tools of MCP."""

from __future__ import annotations

from types import MethodType

import gradio as gr
from pydantic import ValidationError

from batches import Handed
from domain import BATCH_BACKGROUNDS, CUSTOM, BackgroundKind, BatchOptions, ExportFormat, Goal, Placement
from service import Batches  # at run time: Gradio reads the handlers' hints to find the request
from ui.asking import Json, known, said
from ui.batch_files import FilesInput, folders_of
from ui.choices import AUTO
from ui.export_form import listed_options
from ui.faults import toast
from ui.form import wishes
from ui.strings import caller_of
from ui.visitor import visitor_key
from wording import say

ACTIONS = ("look", "start", "stop", "retry")


async def batch(
    batches: Batches,
    photos: list[Handed],
    model_id: str = "auto",
    marketplaces: str | None = None,
    goal: str = "balanced",
    local_only: bool = False,
    commercial_only: bool = False,
    shadow: bool = False,
    enlarge: bool = False,
    start: bool = True,
    background: str = "white",
    colour: str | None = None,
    second_colour: str | None = None,
    placement: str = "centre",
    fill: float | None = None,
    file_format: str = "auto",
    request: gr.Request | None = None,
) -> Json:
    """Hand in many photos at once, or ZIPs of photos, and start them when the budget holds the worst case.

    Args:
        photos: Up to 500 photos, or ZIP files with photos.
        model_id: A model's id from list_models, or "auto" to let the policy choose for each photo.
        marketplaces: Make files for these as well, names with commas, for example "ozon,amazon".
        goal: "balanced", "fast" or "quality".
        local_only: Keep the photos on this server: no hosted model takes part.
        commercial_only: Only models whose licence clears commercial use.
        shadow: A soft shadow under the products in files for marketplaces.
        enlarge: Products with too few pixels may be enlarged in files for marketplaces.
        start: False only estimates; batch_status starts it then.
        background: Of these files: "white", "colour" or "gradient" (from colour at the top to second_colour).
        colour: Of the background, like "#F3EFE8".
        second_colour: The lower end of a gradient.
        placement: "centre" or "bottom".
        fill: The product's share of the canvas where it is fullest, 0.1 to 1; left out, the rules decide.
        file_format: "jpeg", "png", "webp", or "auto" for what the marketplace takes.

    Returns:
        The batch: its id, the estimate, and a line for every file with state, model, seconds and cost. Everything is
        fetched as a ZIP from /batches/{batch_id}/archive.
    """
    language = caller_of(request)
    try:
        known("model", model_id or AUTO, (AUTO, *batches.names()), language)
        known("goal", goal or Goal.BALANCED, tuple(Goal), language)
        export = listed_options(
            background,
            placement,
            file_format,
            language,
            BATCH_BACKGROUNDS,
            marketplace=CUSTOM,
            colour=colour,
            second=second_colour,
            generated=False,
            shadow=shadow,
            width=None,
            height=None,
            fill=fill,
            enlarge=enlarge,
        )
        names = [name.strip() for name in (marketplaces or "").split(",")]
        options = BatchOptions.model_validate(
            {
                "request": wishes(model_id or AUTO, None, goal, None, bool(local_only), bool(commercial_only)),
                "marketplaces": tuple(dict.fromkeys(name for name in names if name)),
                "export": export,
            }
        )
        take = batches.take_and_start if start else batches.take
        batch_id = await take(photos or [], options, visitor_key(request))
        await batches.claim(batch_id, folders_of(photos or ()))
        return (await batches.report(batch_id, language)).model_dump(mode="json")
    except ValidationError as error:
        facts = {"marketplace": (marketplaces or "")[:80], "known": ", ".join(batches.marketplaces())}
        raise toast(say("error.unknown_marketplace", facts, language), language) from error
    except Exception as error:
        raise said(error, language) from error


async def batch_status(
    batches: Batches, batch_id: str, action: str = "look", request: gr.Request | None = None
) -> Json:
    """Look at a batch, start it, stop it, or try its failed photos again.

    Args:
        batch_id: The id that batch gave.
        action: "look", "start", "stop" or "retry".

    Returns:
        The batch as it stands now.
    """
    language = caller_of(request)
    try:
        known("action", action or "look", ACTIONS, language)
        doing = {"start": batches.start, "stop": batches.stop, "retry": batches.again}.get(action)
        if doing:
            await doing(str(batch_id))
        return (await batches.report(str(batch_id), language)).model_dump(mode="json")
    except Exception as error:
        raise said(error, language) from error


def build(batches: Batches) -> None:
    """The fields in the order in which the functions take them."""
    with gr.Column(visible=False):
        gr.Button().click(
            MethodType(batch, batches),
            [
                FilesInput(file_count="multiple", label="Photos"),
                gr.Textbox(AUTO, label="Model id"),
                gr.Textbox(label="Marketplaces"),
                gr.Textbox(Goal.BALANCED.value, label="Goal"),
                gr.Checkbox(label="Local engines only"),
                gr.Checkbox(label="Cleared for commercial use only"),
                gr.Checkbox(label="Shadow"),
                gr.Checkbox(label="May enlarge"),
                gr.Checkbox(True, label="Start at once"),
                gr.Textbox(BackgroundKind.WHITE.value, label="Background"),
                gr.Textbox(label="Colour"),
                gr.Textbox(label="Second colour"),
                gr.Textbox(Placement.CENTRE.value, label="Placement"),
                gr.Number(None, label="Fill"),
                gr.Textbox(ExportFormat.AUTO.value, label="File format"),
            ],
            gr.JSON(label="Batch"),
            api_name="batch",
            concurrency_limit=2,
        )
        gr.Button().click(
            MethodType(batch_status, batches),
            [gr.Textbox(label="Batch id"), gr.Textbox("look", label="Action")],
            gr.JSON(label="Batch"),
            api_name="batch_status",
            concurrency_limit=None,
        )
