"""Why this model: the explanation, who was considered, and what happened in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain import AttemptReport, CandidateReport, Language, Outcome, VerdictKind
from ui import figures
from ui.markup import Html, join, tag
from ui.strings import words

_VERDICT_ORDER = {VerdictKind.CHOSEN: 0, VerdictKind.IN_RESERVE: 1, VerdictKind.PASSED_OVER: 2}
Names = Mapping[str, str]


def timeline(
    explanation: str,
    candidates: Sequence[CandidateReport],
    attempts: Sequence[AttemptReport],
    names: Names,
    language: Language,
    heading: str = "why",
) -> Html:
    """`names` are the models' names by id; an id without a name stands for itself."""
    return tag(
        "section",
        tag("h3", words(heading, language)),
        tag("p", explanation, class_="why"),
        _attempts(attempts, names, language),
        _candidates(candidates, names, language),
        class_="timeline",
    )


def _attempts(attempts: Sequence[AttemptReport], names: Names, language: Language) -> Html:
    if not attempts:
        return Html("")
    items = (_attempt(attempt, names, language) for attempt in attempts)
    return join(tag("h4", words("attempts", language)), tag("ol", *items, class_="attempts"))


def _attempt(attempt: AttemptReport, names: Names, language: Language) -> Html:
    title = tag("strong", names.get(attempt.model_id, attempt.model_id))
    outcome = tag("span", words(f"outcome_{attempt.outcome}", language), class_="outcome")
    error = tag("p", attempt.explanation, class_="reason") if attempt.explanation else ""
    figure = tag("span", _spent(attempt, language), class_="spent")
    return tag("li", tag("p", title, " ", outcome, figure), error, class_=_mood(attempt.outcome))


def _spent(attempt: AttemptReport, language: Language) -> str:
    parts = []
    if attempt.seconds is not None:
        parts.append(figures.seconds(attempt.seconds, language))
    if attempt.cost_usd is not None:
        parts.append(figures.charge(attempt.cost_usd, attempt.outcome, language))
    return " · ".join(parts)


def _mood(outcome: Outcome) -> str:
    return {Outcome.SUCCEEDED: "good", Outcome.STARTED: "busy"}.get(outcome, "bad")


def _candidates(candidates: Sequence[CandidateReport], names: Names, language: Language) -> Html:
    ordered = sorted(candidates, key=lambda candidate: _VERDICT_ORDER[candidate.verdict])
    items = (_candidate(candidate, names, language) for candidate in ordered)
    return join(tag("h4", words("candidates", language)), tag("ul", *items, class_="candidates"))


def _candidate(candidate: CandidateReport, names: Names, language: Language) -> Html:
    """The verdict's own sentence is left out where the label beside it says the same."""
    verdict = words(f"verdict_{candidate.verdict}", language)
    told = candidate.explanation if candidate.verdict is not VerdictKind.CHOSEN else ""
    return tag(
        "li",
        tag("span", verdict, class_="verdict"),
        tag("div", tag("strong", names.get(candidate.model_id, candidate.model_id)), tag("p", told, class_="reason")),
        class_=candidate.verdict,
    )
