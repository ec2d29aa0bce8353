"""A batch as it looks: what it may cost, how far it is, and a line for every photo."""

from __future__ import annotations

from collections.abc import Mapping

from domain import BatchReport, BatchStatus, ExportLine, ItemReport, ItemState, Language
from ui import figures, status
from ui.choices import marketplace_name
from ui.markup import Html, join, tag
from ui.status import Mood
from ui.strings import words
from wording import say

_BADGES: Mapping[ItemState, str] = {
    ItemState.REFUSED: "badge bad",
    ItemState.WAITING: "badge",
    ItemState.WORKING: "badge busy",
    ItemState.SUCCEEDED: "badge good",
    ItemState.DRAFT: "badge wait",
    ItemState.FAILED: "badge bad",
    ItemState.CANCELLED: "badge",
    ItemState.INTERRUPTED: "badge wait",
}
_COLUMNS = ("file", "state", "model", "seconds", "cost", "exports")


def welcome(language: Language) -> Html:
    """What the tab says before anything is handed in: what it is for, and how it goes."""
    steps = [tag("li", words(f"batch_step_{step}", language)) for step in ("files", "cost", "start", "zip")]
    return tag("div", status.own("batch_idle", Mood.IDLE, language), tag("ol", *steps, class_="batch-steps"))


def summary(report: BatchReport, names: Mapping[str, str], language: Language) -> Html:
    """The line that says where it stands, and the figures that matter now."""
    return tag("div", _line(report, language), _figures(report, names, language), class_="batch")


def _line(report: BatchReport, language: Language) -> Html:
    match report.status:
        case BatchStatus.PREPARED:
            return _before(report, language)
        case BatchStatus.RUNNING:
            return _progress(report, language)
        case BatchStatus.STOPPED:
            return _told("batch_stopped", Mood.IDLE, report, language)
        case BatchStatus.ENDED:
            return _after(report, language)


def _before(report: BatchReport, language: Language) -> Html:
    estimate = report.estimate
    if not report.photos:
        return status.own("batch_nothing", Mood.BAD, language)
    if estimate and not estimate.holds:
        return status.own("batch_over_budget", Mood.WARN, language, left=_cost(estimate.left_usd or 0.0, language))
    key = "batch_prepared_some" if report.refused else "batch_prepared"
    return status.own(key, Mood.IDLE, language, photos=f"{report.photos}", refused=f"{report.refused}")


def _progress(report: BatchReport, language: Language) -> Html:
    left = None if report.left_s is None else figures.duration(report.left_s, language)
    told = {"done": f"{report.done}", "photos": f"{report.photos}", "cost": _cost(report.cost_usd, language)}
    clock = words("batch_clock_left", language, left=left, **told) if left else words("batch_clock", language, **told)
    bar = status.bar(report.done / max(report.photos, 1), clock)
    hint = tag("p", words("batch_running_hint", language), " ", _link(report, language), class_="batch-hint")
    return join(status.line(words("batch_running", language), Mood.BUSY, bar), hint)


def _after(report: BatchReport, language: Language) -> Html:
    if not report.photos:
        return status.own("batch_nothing", Mood.BAD, language)
    whole = report.states.get(ItemState.SUCCEEDED, 0) == report.photos
    key = "batch_ended" if whole else "batch_ended_some"
    return _told(key, Mood.GOOD if whole and not _rejected(report) else Mood.WARN, report, language)


def _told(key: str, mood: Mood, report: BatchReport, language: Language) -> Html:
    """How many photos are cut out, how many files were left out, and how many break a rule."""
    said = [words(key, language, **_counted(report))]
    for also, count in (("batch_left_out", report.refused), ("batch_not_met", _rejected(report))):
        if count:
            said.append(words(also, language, count=f"{count}"))
    return status.line(" ".join(said), mood)


def _rejected(report: BatchReport) -> int:
    return sum(made.accepted is False for item in report.items for made in item.exports)


def _counted(report: BatchReport) -> dict[str, str]:
    return {"good": f"{report.states.get(ItemState.SUCCEEDED, 0)}", "photos": f"{report.photos}"}


def _link(report: BatchReport, language: Language) -> Html:
    return tag("a", words("batch_link", language), href=f"?batch={report.batch_id}", class_="batch-link")


def _figures(report: BatchReport, names: Mapping[str, str], language: Language) -> Html:
    if report.status is BatchStatus.PREPARED:
        return _expected(report, names, language) if report.photos else Html("")
    if report.status is BatchStatus.RUNNING or not report.photos:
        return Html("")
    good = report.states.get(ItemState.SUCCEEDED, 0)
    figure_list = (
        _figure("batch_good", f"{good} / {report.photos}", "", language),
        _figure("batch_spent", _cost(report.cost_usd, language), "", language),
        _figure("batch_took", figures.duration(report.elapsed_s, language), "", language),
    )
    return tag("dl", *figure_list, class_="batch-figures")


def _expected(report: BatchReport, names: Mapping[str, str], language: Language) -> Html:
    estimate = report.estimate
    if estimate is None:
        return Html("")
    note = words("batch_worst_note", language) if estimate.worst_usd else ""
    plan = " → ".join(names.get(model_id, model_id) for model_id in estimate.plan) or "—"
    return tag(
        "dl",
        _figure("batch_photos", f"{estimate.photos}", "", language),
        _figure("batch_worst", figures.price(estimate.worst_usd, language), note, language),
        _figure("batch_time", figures.duration(estimate.typical_s, language), "", language),
        _figure("batch_plan", plan, "", language),
        class_="batch-figures",
    )


def _figure(key: str, value: str, note: str, language: Language) -> Html:
    small = tag("small", note) if note else ""
    return tag("div", tag("dt", words(key, language)), tag("dd", value, small))


def _cost(usd: float, language: Language) -> str:
    """Nothing so far is not the same as free."""
    return figures.price(usd, language) if usd else words("nothing_spent", language)


def table(report: BatchReport, language: Language) -> Html:
    """One line for every file; on a narrow page each is a small card."""
    if not report.items:
        return Html("")
    named = (tag("th", words(f"batch_column_{one}", language), scope="col") for one in _COLUMNS)
    head = tag("thead", tag("tr", tag("td", class_="thumb"), *named))
    rows = (_row(report, item, language) for item in report.items)
    return tag("table", head, tag("tbody", *rows), class_="batch-table")


def _row(report: BatchReport, item: ItemReport, language: Language) -> Html:
    told = tag("small", item.explanation) if item.explanation else ""
    return tag(
        "tr",
        tag("td", _picture(report, item), class_="thumb"),
        tag("th", item.file, told, scope="row"),
        tag("td", tag("span", words(f"state_{item.state}", language), class_=_BADGES[item.state])),
        tag("td", *_model(item, language)),
        tag("td", figures.seconds(item.seconds, language) if item.seconds else "", class_="number"),
        tag("td", figures.price(item.cost_usd, language) if item.model or item.cost_usd else "", class_="number"),
        tag("td", *(_made(one, language) for one in item.exports)),
    )


def _model(item: ItemReport, language: Language) -> tuple[str, ...]:
    before = item.fallbacks
    note = tag("small", words("batch_fallbacks", language, count=f"{before}")) if item.model and before else ""
    return (item.model or "", note)


def _picture(report: BatchReport, item: ItemReport) -> Html:
    """The address changes with the run, so that another try's picture is not the old one."""
    if item.state not in {ItemState.SUCCEEDED, ItemState.DRAFT} or item.run_id is None:
        return Html("")
    address = f"batches/{report.batch_id}/photos/{item.number}/thumbnail?run={item.run_id[:8]}"
    return Html(f'<img src="{address}" alt="" loading="lazy" width="56" height="56">')


def _made(made: ExportLine, language: Language) -> Html:
    """Rules that are not met are named in the cell, because fingers find no tooltips; the tooltip has the figures."""
    kind, key = ("wait", "batch_unmade") if made.export is None else _VERDICTS[bool(made.accepted)]
    name = marketplace_name(made.marketplace, language)
    told = " ".join((words(key, language, marketplace=name), *made.reasons))
    badge = tag("span", name, class_=f"badge {kind}", title=told, aria_label=told)
    missed = ", ".join(dict.fromkeys(say(f"check.{check}", {}, language) for check in made.missed))
    return tag("div", badge, tag("small", missed), class_="made") if missed else badge


_VERDICTS = {True: ("good", "batch_accepted"), False: ("bad", "batch_rejected")}


def archive_link(report: BatchReport, language: Language) -> Html:
    """The ZIP, as soon as there is something in it; the language is the reports'."""
    if not any(item.state in {ItemState.SUCCEEDED, ItemState.DRAFT} for item in report.items):
        return Html("")
    address = f"batches/{report.batch_id}/archive?language={language}"
    return tag("a", words("batch_archive", language), href=address, class_="batch-archive", download="")
