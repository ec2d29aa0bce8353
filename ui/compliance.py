"""What the rules say to a file, as a table: verdict, check, what was found, and the rule with its source and date."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from domain import CheckReport, ExportReport, Language, Level, OwnCheck, Passing, RuleKind
from ui import figures
from ui.choices import marketplace_name
from ui.markup import Html, join, tag
from ui.strings import words


@dataclass(frozen=True, slots=True)
class _Source:
    """Where several rules were read, said once under the table."""

    name: str
    url: str | None
    seen: str | None
    dated: str | None

    @classmethod
    def of(cls, check: CheckReport) -> _Source:
        return cls(check.source or "", check.url, check.seen, check.dated)


_FILL = (RuleKind.MIN_FILL, RuleKind.MIN_LONG_SIDE, RuleKind.MIN_SIZE, RuleKind.MIN_SIDE)


def report_table(report: ExportReport, preview: bytes, language: Language) -> Html:
    """The picture, the sum, what would help, and every check; what is not met comes first."""
    heading = words("export_for", language, marketplace=marketplace_name(report.marketplace, language))
    return tag(
        "section",
        tag("h3", heading),
        _picture(preview, language),
        _sum(report, language),
        *(tag("p", hint, class_="hint") for hint in _hints(report, language)),
        _table(sorted(report.checks, key=_weight), language),
        _as_json(report, language),
        class_="compliance",
    )


def rules_table(marketplace: str, rules: Sequence[CheckReport], remark: str | None, language: Language) -> Html:
    if not any(rule.wanted_value is not None for rule in rules):
        return tag("section", tag("p", words("export_no_rules", language)), class_="compliance")
    name = marketplace_name(marketplace, language)
    heading = words("export_rules", language, marketplace=f"{name} ({remark})" if remark else name)
    return tag("section", tag("h3", heading), _table(rules, language), class_="compliance")


def _picture(preview: bytes, language: Language) -> Html:
    """It travels in the page itself, so that no address leads to it."""
    address = f"data:image/webp;base64,{base64.b64encode(preview).decode()}"
    return tag("div", Html(f'<img src="{address}" alt="{words("export_preview", language)}">'), class_="finished")


def _as_json(report: ExportReport, language: Language) -> Html:
    told = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=2)
    return tag("details", tag("summary", words("export_json", language)), tag("pre", told))


def _sum(report: ExportReport, language: Language) -> Html:
    counts = words(
        "export_counts",
        language,
        passed=str(report.passed),
        known=str(report.passed + report.failed),
        unknown=str(report.unknown),
    )
    missed = "" if report.accepted else f" {words('export_missed', language)}"
    return tag("p", counts, missed, role="status", class_=f"status {'good' if report.accepted else 'bad'}")


def _hints(report: ExportReport, language: Language) -> list[str]:
    failed = {check.check for check in report.checks if check.verdict is Passing.FAIL}
    scale = report.file.scale or 0
    hints = []
    if failed.intersection(_FILL) and scale == 1:
        hints.append(words("export_small", language))
    if OwnCheck.NOT_ENLARGED in failed:
        hints.append(words("export_enlarged", language, scale=figures.decimal(scale, language)))
    if RuleKind.BACKGROUND in failed and report.options.shadow:
        hints.append(words("export_shaded", language))
    return hints


def _weight(check: CheckReport) -> int:
    if check.verdict is Passing.FAIL:
        return 0 if check.level is Level.REQUIRED else 1
    return 3 if check.verdict is Passing.UNKNOWN else 2


def _table(checks: Sequence[CheckReport], language: Language) -> Html:
    judged = any(check.verdict for check in checks)
    columns = ("verdict", "check", "found", "wanted") if judged else ("check", "wanted")
    head = (tag("th", words(f"checks_{column}", language), scope="col") for column in columns)
    sources = tuple(dict.fromkeys(_Source.of(check) for check in checks if check.source))
    table = tag(
        "table",
        tag("thead", tag("tr", *head)),
        tag("tbody", *(_row(check, sources, language) for check in checks)),
        class_="checks judged" if judged else "checks",
    )
    notes = (tag("li", _source(source), *_dates(source, language)) for source in sources)
    return join(table, tag("ol", *notes, class_="sources")) if sources else table


def _row(check: CheckReport, sources: Sequence[_Source], language: Language) -> Html:
    known = check.wanted_value is not None
    level = tag("small", words(f"level_{check.level}", language)) if known else ""
    title = tag("th", check.title, level, scope="row")
    heading = words("checks_wanted_short", language)
    rule = tag("td", tag("span", check.wanted), tag("small", *_origin(check, sources, language)), data_label=heading)
    if check.verdict is None:
        return tag("tr", title, rule)
    found = tag("td", check.found or "", data_label=words("checks_found", language))
    return tag("tr", tag("td", _verdict(check, language)), title, found, rule)


def _verdict(check: CheckReport, language: Language) -> Html:
    better = check.verdict is Passing.FAIL and check.level is Level.RECOMMENDED
    mood = {Passing.PASS: "good", Passing.FAIL: "wait" if better else "bad"}.get(check.verdict or Passing.UNKNOWN, "")
    said = words("passing_better" if better else f"passing_{check.verdict}", language)
    return tag("span", said, class_=f"badge {mood}".strip())


def _origin(check: CheckReport, sources: Sequence[_Source], language: Language) -> list[Html]:
    """How far the rule can be trusted, the number of its source, when it begins, and what there is to add."""
    if isinstance(check.check, OwnCheck):
        return [tag("span", words("confidence_own", language))]
    if not check.source:
        return [*_dates(_Source.of(check), language), *_note(check)]
    number = sources.index(_Source.of(check)) + 1
    parts = [tag("span", f"{words(f'confidence_{check.confidence}', language)} [{number}]")]
    if check.applies_from:
        parts.append(tag("span", words("origin_from", language, day=check.applies_from.isoformat())))
    return [*parts, *_note(check)]


def _note(check: CheckReport) -> list[Html]:
    return [tag("span", check.note)] if check.note else []


def _source(source: _Source) -> Html:
    if source.url is None:
        return tag("span", source.name)
    return tag("span", tag("a", source.name, href=source.url, target="_blank", rel="noopener noreferrer"))


def _dates(source: _Source, language: Language) -> list[Html]:
    dates = (("seen", source.seen), ("dated", source.dated))
    return [tag("span", words(f"origin_{key}", language, month=month)) for key, month in dates if month]
