"""Rules and findings in words, in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from domain import (
    BackgroundRule,
    CheckReport,
    ExportReport,
    Fact,
    Finding,
    Language,
    MarketplaceRules,
    OwnCheck,
    Passing,
    Rule,
    RuleKind,
)
from runs.exports import Exported
from wording import say


def export_report(exported: Exported, language: Language = Language.EN) -> ExportReport:
    compliance = exported.compliance
    return ExportReport(
        run_id=exported.run_id,
        step=exported.step,
        export=exported.files.number,
        marketplace=compliance.marketplace,
        file_name=exported.files.file.name,
        accepted=compliance.accepted,
        passed=compliance.count(Passing.PASS),
        failed=compliance.count(Passing.FAIL),
        unknown=compliance.count(Passing.UNKNOWN),
        options=exported.options,
        file=compliance.file,
        checks=tuple(_check(finding, language) for finding in compliance.findings),
    )


def rule_reports(rules: MarketplaceRules, today: date, language: Language = Language.EN) -> tuple[CheckReport, ...]:
    """The rules as lines without a verdict."""
    return tuple(_rule(rule, today, language) for rule in rules.rules)


def missed_sentence(finding: Finding, language: Language = Language.EN) -> str:
    """One line of the report for who has no table: what was looked at, what was found, and what is asked."""
    check = _check(finding, language)
    facts = {"title": check.title, "found": check.found, "wanted": check.wanted}
    return say("export.missed", facts, language)


def _rule(rule: Rule, today: date, language: Language) -> CheckReport:
    return CheckReport(
        check=rule.kind,
        title=say(f"check.{rule.kind}", {}, language),
        verdict=None,
        level=rule.level_on(today),
        wanted=_wanted(rule.kind, rule.value, language),
        wanted_value=rule.value,
        found=None,
        found_facts={},
        note=rule.note.in_language(language) if rule.note else None,
        **rule.model_dump(include=_ORIGIN),
    )


def _check(finding: Finding, language: Language) -> CheckReport:
    return CheckReport(
        check=finding.check,
        title=say(f"check.{finding.check}", {}, language),
        verdict=finding.verdict,
        level=finding.level,
        wanted=_wanted(finding.check, finding.wanted, language),
        wanted_value=finding.wanted,
        found=say(f"found.{finding.check}", {**finding.found, "reason": _reason(finding)}, language),
        found_facts=finding.found,
        note=finding.note.in_language(language) if finding.note else None,
        **finding.model_dump(include=_ORIGIN),
    )


_ORIGIN = {"confidence", "source", "url", "seen", "dated", "applies_from"}


def _wanted(check: RuleKind | OwnCheck, value: Any, language: Language) -> str:
    if value is None and isinstance(check, RuleKind):
        return say("rule.unknown", {}, language)
    return say(f"rule.{check}", _facts(check, value, language), language)


def _facts(check: RuleKind | OwnCheck, value: Any, language: Language) -> Mapping[str, Fact]:
    match check:
        case RuleKind.MIN_SIZE:
            return {"width": value[0], "height": value[1]}
        case RuleKind.BACKGROUND:
            return {"reason": BackgroundRule(value).name.lower()}
        case RuleKind.FORMATS:
            return {"value": ", ".join(value)}
        case RuleKind.FORBIDS:
            return {"value": ", ".join(say(f"forbidden.{one}", {}, language) for one in value)}
        case RuleKind.MIN_FILL | RuleKind.MAX_FILL | RuleKind.MIN_MARGIN:
            return {"value": round(100 * value, 2)}
    return {"value": value}


def _reason(finding: Finding) -> str | None:
    """Which of the sentences about what was found fits."""
    found = finding.found
    match finding.check:
        case RuleKind.BACKGROUND:
            return _ground(finding)
        case RuleKind.MIN_FILL | RuleKind.MAX_FILL:
            return "unmeasured" if found["fill"] is None else None
        case RuleKind.MIN_MARGIN:
            return "unmeasured" if found["left"] is None else None
        case RuleKind.MIN_JPEG_QUALITY:
            return "lossless" if found["quality"] is None else None
        case RuleKind.AI_METADATA:
            return _origin(found)
        case OwnCheck.NOT_ENLARGED:
            return "unmeasured" if found["scale"] is None else None
        case OwnCheck.NO_LEFTOVERS:
            return "clean" if found["leftovers"] is None else None
        case OwnCheck.SRGB:
            return None if found["srgb"] else "missing"
    return None


def _ground(finding: Finding) -> str | None:
    """What matters of a background depends on what is asked."""
    if not finding.found["opaque"]:
        return "transparent"
    return {BackgroundRule.NEUTRAL: "cast", BackgroundRule.OPAQUE: "opaque"}.get(finding.wanted)


def _origin(found: Mapping[str, Fact]) -> str | None:
    if found["digital_source"]:
        return "stated"
    return "generated" if found["generated"] else None
