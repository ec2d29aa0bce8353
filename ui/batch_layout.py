"""The components of the tab for many photos, and one value for each that a handler may change."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from domain import BATCH_BACKGROUNDS, CUSTOM, Goal, Language
from service import Batches
from ui import looks
from ui.batch_files import FilesInput, FolderButton
from ui.choices import AUTO, goal_choices, marketplace_choices, model_choices
from ui.strings import label

TICK_S = 1.5

Outputs = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One value for each output; None leaves it as it is. `Pieces` has the components under the same names.

    `seen` is a digest of the table that is shown, so that a table of 500 lines is not sent again unchanged.
    """

    told: Any = None
    table: Any = None
    start: Any = None
    stop: Any = None
    again: Any = None
    delete: Any = None
    archive: Any = None
    timer: Any = None
    batch_id: Any = None
    seen: Any = None

    def outputs(self) -> Outputs:
        given = (getattr(self, one.name) for one in fields(self))
        return tuple(gr.skip() if value is None else value for value in given)


@dataclass(frozen=True, slots=True)
class Pieces:
    files: FilesInput
    folder: FolderButton
    model: gr.Dropdown
    marketplaces: gr.Dropdown
    goal: gr.Radio
    local: gr.Checkbox
    commercial: gr.Checkbox
    background: gr.Radio
    colours: gr.Row
    colour: gr.ColorPicker
    second: gr.ColorPicker
    placement: gr.Radio
    fill: gr.Dropdown
    file_format: gr.Radio
    shadow: gr.Checkbox
    enlarge: gr.Checkbox
    told: gr.HTML
    table: gr.HTML
    start: gr.Button
    stop: gr.Button
    again: gr.Button
    delete: gr.Button
    archive: gr.HTML
    timer: gr.Timer
    batch_id: gr.State
    seen: gr.State

    @property
    def wishes(self) -> list[gr.components.Component]:
        """In the order in which the handlers take them."""
        run = [self.model, self.marketplaces, self.goal, self.local, self.commercial]
        background = [self.background, self.colour, self.second]
        return [*run, *background, self.placement, self.fill, self.file_format, self.shadow, self.enlarge]

    @property
    def outputs(self) -> list[Any]:
        return [getattr(self, one.name) for one in fields(View)]


def layout(batches: Batches) -> Pieces:
    with gr.Row(elem_id="batch-main", equal_height=False):
        with gr.Column(elem_id="batch-form", min_width=300, scale=5):
            form: tuple[Any, ...] = (*_files(), *_wishes(batches), *_details(), *_looks())
        with gr.Column(elem_id="batch-outcome", min_width=300, scale=8):
            told = gr.HTML(elem_id="batch-told")
            buttons = _buttons()
            table = gr.HTML(elem_id="batch-table")
    timer = gr.Timer(TICK_S, active=False)
    return Pieces(*(*form, told, table, *buttons, timer, gr.State(""), gr.State("")))


def _files() -> tuple[FilesInput, FolderButton]:
    files = FilesInput(file_count="multiple", label=label("batch_files"), elem_id="batch-files", height=190)
    folder = FolderButton(label("batch_folder"), file_count="directory", elem_id="batch-folder")
    return files, folder


def _wishes(batches: Batches) -> tuple[gr.Dropdown, gr.Dropdown, gr.Radio]:
    model = gr.Dropdown(
        model_choices(batches.model_states(), Language.EN), value=AUTO, label=label("model"), elem_id="batch-model"
    )
    marketplaces = gr.Dropdown(
        wanted_marketplaces(batches, Language.EN),
        value=[],
        multiselect=True,
        label=label("batch_marketplaces"),
        info=label("batch_marketplaces_info"),
        elem_id="batch-marketplaces",
    )
    goal = gr.Radio(goal_choices(), value=Goal.BALANCED.value, label=label("goal"), elem_id="batch-goal")
    return model, marketplaces, goal


def wanted_marketplaces(batches: Batches, language: Language) -> list[tuple[str, str]]:
    """A size of one's own is a matter of single photos."""
    return marketplace_choices([name for name in batches.marketplaces() if name != CUSTOM], language)[1:]


def _details() -> tuple[gr.Checkbox, ...]:
    with gr.Accordion(label("advanced"), open=False, elem_id="batch-advanced"):
        return (
            gr.Checkbox(label=label("local_only"), info=label("local_only_info")),
            gr.Checkbox(label=label("commercial_only"), info=label("commercial_only_info")),
        )


def _looks() -> tuple[Any, ...]:
    with gr.Accordion(label("batch_looks"), open=False, elem_id="batch-looks"):
        return (
            looks.backgrounds(BATCH_BACKGROUNDS, "batch-ground"),
            *looks.shades("batch"),
            looks.placements("batch-place"),
            looks.shares("batch-fill"),
            looks.formats("batch-format"),
            gr.Checkbox(label=label("export_shadow")),
            gr.Checkbox(label=label("export_enlarge"), info=label("export_enlarge_info")),
        )


def _buttons() -> tuple[Any, ...]:
    with gr.Row(elem_id="batch-buttons"):
        start_button = gr.Button(label("batch_start"), variant="primary", visible=False, elem_id="batch-start")
        stop_button = gr.Button(label("stop"), variant="stop", visible=False, elem_id="batch-stop")
        again_button = gr.Button(label("batch_again"), visible=False, elem_id="batch-again")
        archive = gr.HTML(visible=False, elem_id="batch-archive")
        delete_button = gr.Button(label("batch_delete"), visible=False, elem_id="batch-delete")
    return start_button, stop_button, again_button, delete_button, archive
