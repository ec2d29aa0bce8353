"""Many photos at once: handed in, estimated, started, watched, fetched. A batch's link brings it back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MethodType
from typing import Any

import gradio as gr

from batches import Handed
from domain import AGAIN, CUSTOM, BatchOptions, BatchReport, BatchStatus, ExportOptions, Goal, ItemState, Language
from service import Batches  # at run time: Gradio reads the handlers' hints to find the request
from ui import batch_table, status
from ui.batch_files import FilesInput, FolderButton
from ui.choices import AUTO, goal_choices, marketplace_choices, model_choices
from ui.faults import apology, toast
from ui.form import wishes
from ui.status import Mood
from ui.strings import label, language_of
from ui.visitor import visitor_key

TICK_S = 1.5
TAB = "many"
FOLDERS = Path(__file__).with_name("folders.js").read_text(encoding="utf-8")
# The address of the page becomes the batch's, so that a reload or the browser's history brings it back.
KEEP_LINK = """() => {
  const link = document.querySelector('#batch-told .batch-link');
  if (link) history.replaceState(null, '', link.href);
}"""

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
    archive: Any = None
    timer: Any = None
    batch_id: Any = None
    seen: Any = None

    def outputs(self) -> Outputs:
        given = (getattr(self, one.name) for one in fields(self))
        return tuple(gr.skip() if value is None else value for value in given)


# Handlers.


async def hand_in(
    batches: Batches,
    files: list[Handed] | None,
    model: str,
    marketplaces: list[str],
    goal: str,
    local: bool,
    commercial: bool,
    shadow: bool,
    enlarge: bool,
    request: gr.Request,
) -> Outputs:
    """What was handed in before and not started is forgotten: these files are the batch now."""
    language = language_of(request)
    if not files:
        return _nothing(language)
    try:
        options = _options(model, marketplaces, goal, local, commercial, shadow, enlarge)
        batch_id = await batches.take(files, options, visitor_key(request))
        return _shown(await batches.report(batch_id, language), batches, language).outputs()
    except Exception as error:
        raise toast(apology(error, language), language) from error


async def rethink(
    batches: Batches,
    batch_id: str,
    model: str,
    marketplaces: list[str],
    goal: str,
    local: bool,
    commercial: bool,
    shadow: bool,
    enlarge: bool,
    request: gr.Request,
) -> Outputs:
    """Other wishes: what it may cost changes, as long as it is not started."""
    language = language_of(request)
    if not batch_id:
        return View().outputs()
    try:
        await batches.change(batch_id, _options(model, marketplaces, goal, local, commercial, shadow, enlarge))
        return _shown(await batches.report(batch_id, language), batches, language).outputs()
    except Exception as error:
        raise toast(apology(error, language), language) from error


async def start(batches: Batches, batch_id: str, request: gr.Request) -> Outputs:
    return await _done(batches, batch_id, batches.start, request)


async def stop(batches: Batches, batch_id: str, request: gr.Request) -> Outputs:
    return await _done(batches, batch_id, batches.stop, request)


async def again(batches: Batches, batch_id: str, request: gr.Request) -> Outputs:
    return await _done(batches, batch_id, batches.again, request)


async def tick(batches: Batches, batch_id: str, seen: str, request: gr.Request) -> Outputs:
    """What has changed since the last look."""
    language = language_of(request)
    try:
        return _shown(await batches.report(batch_id, language), batches, language, seen).outputs()
    except Exception as error:
        told = status.line(apology(error, language), Mood.BAD)
        return View(told=told, timer=gr.Timer(active=False)).outputs()


async def open_link(batches: Batches, request: gr.Request) -> Outputs:
    """`?batch=ID` opens the tab with that batch; anything else opens the page as always."""
    language = language_of(request)
    batch_id = str(request.query_params.get("batch") or "")
    named = (
        gr.update(choices=model_choices(batches.model_states(), language)),
        gr.update(choices=_marketplace_choices(batches, language)),
    )
    if not batch_id:
        return (gr.skip(), *named, *View(told=status.own("batch_idle", Mood.IDLE, language)).outputs())
    return (gr.Tabs(selected=TAB), *named, *await tick(batches, batch_id, "", request))


async def _done(batches: Batches, batch_id: str, doing: Any, request: gr.Request) -> Outputs:
    language = language_of(request)
    try:
        await doing(batch_id)
        return _shown(await batches.report(batch_id, language), batches, language).outputs()
    except Exception as error:
        raise toast(apology(error, language), language) from error


def _options(
    model: str,
    marketplaces: Sequence[str] | None,
    goal: str,
    local: bool,
    commercial: bool,
    shadow: bool,
    enlarge: bool,
) -> BatchOptions:
    """The first marketplace also counts for the choice of a model, as it does for a single photo."""
    wanted = tuple(marketplaces or ())
    return BatchOptions(
        request=wishes(model, None, goal, None, local, commercial),
        marketplaces=wanted,
        export=ExportOptions(shadow=bool(shadow), enlarge=bool(enlarge)),
    )


def _shown(report: BatchReport, batches: Batches, language: Language, seen: str = "") -> View:
    table = batch_table.table(report, language)
    archive = batch_table.archive_link(report, language)
    digest = hashlib.sha256(table.encode()).hexdigest()[:16]
    prepared = report.status is BatchStatus.PREPARED
    startable = prepared and report.photos > 0 and bool(report.estimate and report.estimate.holds)
    running = report.status is BatchStatus.RUNNING
    over = report.status in {BatchStatus.ENDED, BatchStatus.STOPPED}
    busy = running or ItemState.WORKING in report.states
    failed = over and not busy and any(state in AGAIN for state in report.states)
    return View(
        told=batch_table.summary(report, batches.names(), language),
        table=None if digest == seen else table,
        start=gr.update(visible=prepared, interactive=startable),
        stop=gr.update(visible=running),
        again=gr.update(visible=failed),
        archive=gr.update(value=archive, visible=bool(archive)),
        timer=gr.Timer(active=busy),
        batch_id=report.batch_id,
        seen=digest,
    )


def _nothing(language: Language) -> Outputs:
    hidden = gr.update(visible=False)
    told = status.own("batch_idle", Mood.IDLE, language)
    timer = gr.Timer(active=False)
    return View(told, "", hidden, hidden, hidden, hidden, timer, batch_id="", seen="").outputs()


# Layout.


@dataclass(frozen=True, slots=True)
class Pieces:
    files: FilesInput
    folder: FolderButton
    model: gr.Dropdown
    marketplaces: gr.Dropdown
    goal: gr.Radio
    local: gr.Checkbox
    commercial: gr.Checkbox
    shadow: gr.Checkbox
    enlarge: gr.Checkbox
    told: gr.HTML
    table: gr.HTML
    start: gr.Button
    stop: gr.Button
    again: gr.Button
    archive: gr.HTML
    timer: gr.Timer
    batch_id: gr.State
    seen: gr.State

    @property
    def wishes(self) -> list[gr.components.Component]:
        """In the order in which the handlers take them."""
        return [self.model, self.marketplaces, self.goal, self.local, self.commercial, self.shadow, self.enlarge]

    @property
    def outputs(self) -> list[Any]:
        return [getattr(self, one.name) for one in fields(View)]


def layout(batches: Batches) -> Pieces:
    with gr.Row(elem_id="batch-main", equal_height=False):
        with gr.Column(elem_id="batch-form", min_width=300, scale=5):
            form: tuple[Any, ...] = (*_files(), *_wishes(batches), *_details())
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
        _marketplace_choices(batches, Language.EN),
        value=[],
        multiselect=True,
        label=label("batch_marketplaces"),
        info=label("batch_marketplaces_info"),
        elem_id="batch-marketplaces",
    )
    goal = gr.Radio(goal_choices(), value=Goal.BALANCED.value, label=label("goal"), elem_id="batch-goal")
    return model, marketplaces, goal


def _marketplace_choices(batches: Batches, language: Language) -> list[tuple[str, str]]:
    """A size of one's own is a matter of single photos."""
    return marketplace_choices([name for name in batches.marketplaces() if name != CUSTOM], language)[1:]


def _details() -> tuple[gr.Checkbox, ...]:
    with gr.Accordion(label("advanced"), open=False, elem_id="batch-advanced"):
        return (
            gr.Checkbox(label=label("local_only"), info=label("local_only_info")),
            gr.Checkbox(label=label("commercial_only"), info=label("commercial_only_info")),
            gr.Checkbox(label=label("export_shadow")),
            gr.Checkbox(label=label("export_enlarge"), info=label("export_enlarge_info")),
        )


def _buttons() -> tuple[Any, ...]:
    with gr.Row(elem_id="batch-buttons"):
        start_button = gr.Button(label("batch_start"), variant="primary", visible=False, elem_id="batch-start")
        stop_button = gr.Button(label("stop"), variant="stop", visible=False, elem_id="batch-stop")
        again_button = gr.Button(label("batch_again"), visible=False, elem_id="batch-again")
        archive = gr.HTML(visible=False, elem_id="batch-archive")
    return start_button, stop_button, again_button, archive


# Wiring.


def build(batches: Batches, demo: gr.Blocks, tabs: gr.Tabs, quiet: dict[str, Any]) -> None:
    pieces = layout(batches)
    outputs = pieces.outputs
    free: dict[str, Any] = {**quiet, "concurrency_limit": None}
    taken = MethodType(hand_in, batches)
    for source, event in ((pieces.files, pieces.files.change), (pieces.folder, pieces.folder.upload)):
        event(taken, [source, *pieces.wishes], outputs, **free)
    moments = [wish.change for wish in pieces.wishes]
    changed = [pieces.batch_id, *pieces.wishes]
    gr.on(moments, MethodType(rethink, batches), changed, outputs, trigger_mode="always_last", **free)
    started = pieces.start.click(MethodType(start, batches), pieces.batch_id, outputs, **free)
    started.then(None, js=KEEP_LINK, api_visibility="private")
    pieces.stop.click(MethodType(stop, batches), pieces.batch_id, outputs, **free)
    pieces.again.click(MethodType(again, batches), pieces.batch_id, outputs, **free)
    pieces.timer.tick(MethodType(tick, batches), [pieces.batch_id, pieces.seen], outputs, **free)
    demo.load(MethodType(open_link, batches), None, [tabs, pieces.model, pieces.marketplaces, *outputs], **free)
    demo.load(None, js=FOLDERS, api_visibility="private")
