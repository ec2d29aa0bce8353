"""The fields that say how a file for a marketplace looks: the same for one photo and for many."""

from __future__ import annotations

from collections.abc import Iterable

import gradio as gr

from domain import Background, BackgroundKind, ExportFormat, Placement
from ui.strings import label

SHADES = Background()
SHARES = (50, 60, 70, 75, 80, 85, 90, 95, 100)  # percent


def formats(elem_id: str) -> gr.Radio:
    kinds = [(label("export_format_auto"), ExportFormat.AUTO.value)]
    kinds += [(one.value.upper(), one.value) for one in ExportFormat if one is not ExportFormat.AUTO]
    return gr.Radio(kinds, value=ExportFormat.AUTO.value, label=label("export_format"), elem_id=elem_id, min_width=280)


def backgrounds(kinds: Iterable[BackgroundKind], elem_id: str) -> gr.Radio:
    named = [(label(f"background_{kind}"), kind.value) for kind in kinds]
    return gr.Radio(named, value=BackgroundKind.WHITE.value, label=label("export_background"), elem_id=elem_id)


def shades(prefix: str) -> tuple[gr.Row, gr.ColorPicker, gr.ColorPicker]:
    """Shown when the background has a colour; the second when it has two."""
    with gr.Row(visible=False) as row:
        colour = gr.ColorPicker(SHADES.colour, label=label("export_colour"), elem_id=f"{prefix}-colour")
        second = gr.ColorPicker(SHADES.second, label=label("export_second"), visible=False, elem_id=f"{prefix}-second")
    return row, colour, second


def shown_shades(kind: str) -> tuple[object, object]:
    coloured = kind in (BackgroundKind.COLOUR, BackgroundKind.GRADIENT)
    return gr.update(visible=coloured), gr.update(visible=kind == BackgroundKind.GRADIENT)


def placements(elem_id: str) -> gr.Radio:
    places = [(label(f"placement_{one}"), one.value) for one in Placement]
    return gr.Radio(
        places, value=Placement.CENTRE.value, label=label("export_placement"), elem_id=elem_id, min_width=240
    )


def shares(elem_id: str) -> gr.Dropdown:
    listed = [(label("export_fill_auto"), 0), *((f"{share} %", share) for share in SHARES)]
    return gr.Dropdown(listed, value=0, label=label("export_fill"), elem_id=elem_id, min_width=240)


def share_of(percent: int) -> float | None:
    """0 leaves it to the rules."""
    return percent / 100 if percent else None
