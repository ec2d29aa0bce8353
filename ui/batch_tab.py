"""Many photos at once: handed in, estimated, started, watched, fetched. A batch's link brings it back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import MethodType
from typing import Any

import gradio as gr

from batches import Handed
from domain import AGAIN, CUSTOM, BatchOptions, BatchReport, BatchStatus, ExportOptions, ItemState, Language
from service import Batches  # at run time: Gradio reads the handlers' hints to find the request
from ui import batch_table, looks, status
from ui.batch_files import folders_of
from ui.batch_layout import Outputs, View, layout, wanted_marketplaces
from ui.choices import model_choices
from ui.export_form import export_options
from ui.faults import apology, toast
from ui.form import wishes
from ui.markup import Html
from ui.status import Mood
from ui.strings import language_of
from ui.visitor import visitor_key

TAB = "many"
FOLDERS = Path(__file__).with_name("folders.js").read_text(encoding="utf-8")
# The address of the page becomes the batch's, so that a reload or the browser's history brings it back.
KEEP_LINK = """() => {
  const link = document.querySelector('#batch-told .batch-link');
  if (link) history.replaceState(null, '', link.href);
}"""

# Handlers.


async def hand_in(
    batches: Batches,
    files: list[Handed] | None,
    earlier: str,
    model: str,
    marketplaces: list[str],
    goal: str,
    local: bool,
    commercial: bool,
    background: str,
    colour: str | None,
    second: str | None,
    placement: str,
    fill: int,
    file_format: str,
    shadow: bool,
    enlarge: bool,
    request: gr.Request,
) -> Outputs:
    """What was handed in before and not started is deleted: these files are the batch now."""
    language = language_of(request)
    if earlier:
        await batches.put_away(earlier, folders_of(files or ()))
    if not files:
        return _nothing(batch_table.welcome(language))
    try:
        export = _looks(background, colour, second, placement, fill, file_format, shadow, enlarge)
        options = _options(model, marketplaces, goal, local, commercial, export)
        batch_id = await batches.take(files, options, visitor_key(request))
        await batches.claim(batch_id, folders_of(files))
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
    background: str,
    colour: str | None,
    second: str | None,
    placement: str,
    fill: int,
    file_format: str,
    shadow: bool,
    enlarge: bool,
    request: gr.Request,
) -> Outputs:
    """Other wishes: what it may cost changes, as long as it is not started."""
    language = language_of(request)
    if not batch_id:
        return View().outputs()
    try:
        export = _looks(background, colour, second, placement, fill, file_format, shadow, enlarge)
        await batches.change(batch_id, _options(model, marketplaces, goal, local, commercial, export))
        return _shown(await batches.report(batch_id, language), batches, language).outputs()
    except Exception as error:
        raise toast(apology(error, language), language) from error


async def start(batches: Batches, batch_id: str, request: gr.Request) -> Outputs:
    return await _done(batches, batch_id, batches.start, request)


async def stop(batches: Batches, batch_id: str, request: gr.Request) -> Outputs:
    return await _done(batches, batch_id, batches.stop, request)


async def again(batches: Batches, batch_id: str, request: gr.Request) -> Outputs:
    return await _done(batches, batch_id, batches.again, request)


async def delete(batches: Batches, batch_id: str, request: gr.Request) -> Outputs:
    """Its photos and everything made of them are gone, and the tab is as at the beginning."""
    language = language_of(request)
    try:
        await batches.delete(batch_id)
    except Exception as error:
        raise toast(apology(error, language), language) from error
    told = status.own("batch_deleted", Mood.GOOD, language)
    return (None, *_nothing(told))


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
        gr.update(choices=wanted_marketplaces(batches, language)),
    )
    if not batch_id:
        return (gr.skip(), *named, *View(told=batch_table.welcome(language)).outputs())
    return (gr.Tabs(selected=TAB), *named, *await tick(batches, batch_id, "", request))


async def _done(batches: Batches, batch_id: str, doing: Any, request: gr.Request) -> Outputs:
    language = language_of(request)
    try:
        await doing(batch_id)
        return _shown(await batches.report(batch_id, language), batches, language).outputs()
    except Exception as error:
        raise toast(apology(error, language), language) from error


def _options(
    model: str, marketplaces: Sequence[str] | None, goal: str, local: bool, commercial: bool, export: ExportOptions
) -> BatchOptions:
    request = wishes(model, None, goal, None, local, commercial)
    return BatchOptions(request=request, marketplaces=tuple(marketplaces or ()), export=export)


def _looks(
    background: str,
    colour: str | None,
    second: str | None,
    placement: str,
    fill: int,
    file_format: str,
    shadow: bool,
    enlarge: bool,
) -> ExportOptions:
    """The size is the marketplaces'."""
    size, share = (None, None), looks.share_of(fill)
    return export_options(
        CUSTOM, background, colour, second, False, placement, shadow, *size, share, file_format, enlarge
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
        delete=gr.update(visible=over and not busy),
        archive=gr.update(value=archive, visible=bool(archive)),
        timer=gr.Timer(active=busy),
        batch_id=report.batch_id,
        seen=digest,
    )


def _nothing(told: Html) -> Outputs:
    hidden, timer = gr.update(visible=False), gr.Timer(active=False)
    return View(told, "", hidden, hidden, hidden, hidden, hidden, timer, batch_id="", seen="").outputs()


# Wiring.


def build(batches: Batches, demo: gr.Blocks, tabs: gr.Tabs, quiet: dict[str, Any]) -> None:
    pieces = layout(batches)
    outputs = pieces.outputs
    free: dict[str, Any] = {**quiet, "concurrency_limit": None}
    taken = MethodType(hand_in, batches)
    for source, event in ((pieces.files, pieces.files.change), (pieces.folder, pieces.folder.upload)):
        event(taken, [source, pieces.batch_id, *pieces.wishes], outputs, **free)
    moments = [wish.change for wish in pieces.wishes]
    changed = [pieces.batch_id, *pieces.wishes]
    gr.on(moments, MethodType(rethink, batches), changed, outputs, trigger_mode="always_last", **free)
    pieces.background.change(looks.shown_shades, pieces.background, [pieces.colours, pieces.second], **free)
    started = pieces.start.click(MethodType(start, batches), pieces.batch_id, outputs, **free)
    started.then(None, js=KEEP_LINK, api_visibility="private")
    pieces.stop.click(MethodType(stop, batches), pieces.batch_id, outputs, **free)
    pieces.again.click(MethodType(again, batches), pieces.batch_id, outputs, **free)
    pieces.delete.click(MethodType(delete, batches), pieces.batch_id, [pieces.files, *outputs], **free)
    pieces.timer.tick(MethodType(tick, batches), [pieces.batch_id, pieces.seen], outputs, **free)
    demo.load(MethodType(open_link, batches), None, [tabs, pieces.model, pieces.marketplaces, *outputs], **free)
    demo.load(None, js=FOLDERS, api_visibility="private")
