"""What the right column shows: one update for each event of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import gradio as gr

from domain import Language, RunReport, RunStatus
from runs.events import RunFiles
from ui import figures, status
from ui.markup import Html, join, tag
from ui.mending import Mending
from ui.status import Mood
from ui.strings import words

_MOODS = {
    RunStatus.SUCCEEDED: Mood.GOOD,
    RunStatus.DRAFT: Mood.WARN,
    RunStatus.CANCELLED: Mood.IDLE,
    RunStatus.INTERRUPTED: Mood.WARN,
}


@dataclass(frozen=True, slots=True)
class Screen:
    """One value for each output of the page; None leaves it as it is.

    `over`, `ongoing` and `mending` are the visitor's state: `over` is false from a run's first update until it told
    its end itself; `ongoing` is the id of a run whose end the page has not shown, also after the page was opened again.
    """

    status: Any = None
    empty: Any = None
    picture: Any = None
    caption: Any = None
    downloads: Any = None
    cutout: Any = None
    matte: Any = None
    timeline: Any = None
    details: Any = None
    report: Any = None
    run: Any = None
    stop: Any = None
    over: Any = None
    ongoing: Any = None
    touchup: Any = None
    mending: Any = None

    def outputs(self) -> tuple[Any, ...]:
        given = (getattr(self, one.name) for one in fields(self))
        return tuple(gr.skip() if value is None else value for value in given)


def cleared(told: Html, language: Language) -> Screen:
    """As the page was before the first run, with a word on why."""
    return replace(begun(language), status=told, **at_rest(language))


def begun(language: Language) -> Screen:
    """Everything of the run before is gone, so that no old cutout can be taken for the new one."""
    return Screen(
        status=status.own("status_reading", Mood.BUSY, language),
        empty=gr.update(value=empty(language), visible=True),
        picture=gr.update(value=None, visible=False),
        caption=gr.update(value="", visible=False),
        downloads=gr.update(visible=False),
        cutout=gr.update(value=None),
        matte=gr.update(value=None),
        timeline=gr.update(value="", visible=False),
        details=gr.update(visible=False),
        report=gr.update(value=None),
        run=gr.update(value=words("running", language), interactive=False),
        stop=gr.update(visible=True),
        over=False,
        touchup=gr.update(visible=False, open=False),
        mending=Mending(),
    )


def in_line(ahead: int, language: Language) -> Screen:
    return Screen(status=status.own("status_in_line", Mood.BUSY, language, ahead=str(ahead)))


def draft(files: RunFiles, working: str, language: Language) -> Screen:
    """The instant cutout, labelled as what it is."""
    note = words("draft_while", language, model=working)
    return Screen(empty=gr.update(visible=False), picture=slider(files), caption=_caption(_draft_note(note, language)))


def ended(report: RunReport, files: RunFiles | None, names: Mapping[str, str], language: Language) -> Screen:
    shown = files is not None
    return Screen(
        status=_last_line(report, language),
        empty=gr.update(value=empty(language, failed=True), visible=not shown),
        picture=slider(files) if files else gr.update(value=None, visible=False),
        caption=_caption(join(_maker(report, names, language), _warned(report))) if shown else gr.update(visible=False),
        downloads=gr.update(visible=shown),
        cutout=gr.update(value=str(files.cutout) if files else None),
        matte=gr.update(value=str(files.matte) if files else None),
        details=gr.update(visible=True),
        report=report.model_dump(mode="json"),
        touchup=gr.update(visible=shown, open=False),
        mending=Mending(report.run_id if shown else ""),
        **at_rest(language),
    )


def stopped(language: Language) -> Screen:
    """A draft that is shown stays, but nobody works on it any more; without one its caption stays hidden."""
    return Screen(
        status=status.own("status_cancelled", Mood.IDLE, language),
        caption=gr.update(value=_draft_note(words("draft_stopped", language), language)),
        timeline=gr.update(value="", visible=False),
        **at_rest(language),
    )


def refused(sentence: str, language: Language) -> Screen:
    return Screen(status=status.line(sentence, Mood.BAD), **at_rest(language))


def at_rest(language: Language, ongoing: str = "") -> dict[str, Any]:
    """Of any ending."""
    return {
        "ongoing": ongoing,
        "run": gr.update(value=words("run", language), interactive=True),
        "stop": gr.update(visible="hidden"),
        "over": True,
    }


def empty(language: Language, *, failed: bool = False) -> Html:
    """What stands where the picture will be."""
    key = "result_none" if failed else "result_empty"
    return tag(
        "div",
        tag("div", class_="empty-mark", aria_hidden="true"),
        tag("p", words(key, language), class_="empty-title"),
        tag("p", words(f"{key}_hint", language), class_="empty-hint"),
        class_="empty failed" if failed else "empty",
    )


def slider(files: RunFiles) -> Any:
    return gr.update(value=(str(files.before), str(files.after)), visible=True)


def _caption(note: Html) -> Any:
    return gr.update(value=note, visible=True)


def _last_line(report: RunReport, language: Language) -> Html:
    return status.own(f"status_{report.status}", _MOODS.get(report.status, Mood.BAD), language)


def _maker(report: RunReport, names: Mapping[str, str], language: Language) -> Html:
    if report.status is RunStatus.DRAFT:
        return _draft_note(words("draft_kept", language), language)
    name = names.get(report.model_id or "", report.model_id or "")
    spent = f"{figures.seconds(report.seconds, language)} · {figures.price(report.cost_usd, language)}"
    return tag("p", tag("strong", words("made_by", language, model=name)), tag("span", spent), class_="caption")


def _warned(report: RunReport) -> Html:
    return join(*(tag("p", sentence, class_="caption warned", role="note") for sentence in report.warnings))


def _draft_note(note: str, language: Language) -> Html:
    return tag(
        "p", tag("span", words("draft_badge", language), class_="badge wait"), tag("span", note), class_="caption"
    )
