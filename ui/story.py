"""From the events of a run to what the page shows; the handlers only pass events on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import gradio as gr

from domain import Attempt, Language, Outcome, SelectionResult
from providers import Stage
from runs.events import (
    AttemptEnded,
    AttemptProgress,
    AttemptStarted,
    DraftReady,
    FallbackChosen,
    RunEnded,
    RunEvent,
    RunHandedOver,
    RunResumed,
    RunStarted,
)
from runs.report import attempt_report, paid_step
from service import Service
from ui import figures, screen, status
from ui.markup import Html
from ui.screen import Screen
from ui.status import Mood
from ui.strings import words
from ui.timeline import timeline


@dataclass(frozen=True, slots=True)
class Story:
    """What a run has told so far, for one visitor."""

    service: Service
    language: Language
    names: dict[str, str]
    selection: SelectionResult | None = None
    attempts: tuple[Attempt, ...] = field(default=())

    def after(self, event: RunEvent) -> Story:
        match event:
            case RunStarted(selection=selection):
                return replace(self, selection=selection)
            case FallbackChosen(failed_model_id=failed, selection=step):
                return replace(self, selection=paid_step(step, failed, self.attempts))
            case AttemptStarted(attempt=attempt):
                return replace(self, attempts=(*self.attempts, attempt))
            case AttemptEnded(attempt=attempt):
                return replace(self, attempts=(*self.attempts[:-1], attempt))
            case RunEnded(result=result):
                return replace(self, selection=result.selection, attempts=result.attempts)
        return self

    def name(self, model_id: str | None) -> str:
        return self.names.get(model_id or "", model_id or "")

    def show(self, event: RunEvent) -> Screen:
        """The update that belongs to an event which this story already contains."""
        match event:
            case RunEnded(result=result):
                report = self.service.report(result, self.language)
                ending = screen.ended(report, result.files, self.names, self.language)
                heading = "why" if report.model_id else "why_none"
                told = timeline(
                    report.explanation, report.candidates, report.attempts, self.names, self.language, heading
                )
                return replace(ending, timeline=gr.update(value=told, visible=True))
            case DraftReady(files=files):
                return screen.draft(files, self._chosen(), self.language)
            case AttemptProgress():
                return Screen(status=self._progress(event))
            case RunResumed():
                return Screen(status=status.own("status_resumed", Mood.BUSY, self.language))
            case RunHandedOver(run_id):
                return Screen(status=status.handed_over(run_id, self.language), **screen.at_rest(self.language, run_id))
        ongoing = event.run_id if isinstance(event, RunStarted) else None
        told = gr.update(value=self._timeline(), visible=True)
        return Screen(status=self._step(event), timeline=told, ongoing=ongoing)

    def _chosen(self) -> str:
        return self.name(self.selection.model_id) if self.selection else ""

    def _progress(self, event: AttemptProgress) -> Html:
        sentence = self._own(f"status_{event.stage}", event.model_id)
        return status.line(sentence, Mood.BUSY, self._clock(event))

    def _clock(self, event: AttemptProgress) -> Html:
        """The usual time of a model says nothing while its weights are fetched."""
        if event.stage is Stage.FETCHING:
            return status.fetched(event.come, self.language) if event.come else Html("")
        return status.clock(event.seconds, event.typical_seconds, self.language)

    def _step(self, event: RunEvent) -> Html:
        match event:
            case AttemptStarted(attempt=attempt, typical_seconds=typical):
                clock = status.clock(0, typical, self.language)
                return status.line(self._own(f"status_{Stage.SENDING}", attempt.model_id), Mood.BUSY, clock)
            case AttemptEnded():
                return status.own("status_checking", Mood.BUSY, self.language)
            case FallbackChosen(failed_model_id=failed, selection=selection):
                return status.line(self._handover(failed, selection.model_id), Mood.BUSY)
        return status.own("status_reading", Mood.BUSY, self.language)

    def _own(self, key: str, model_id: str | None) -> str:
        return words(key, self.language, model=self.name(model_id))

    def _handover(self, failed: str, following: str | None) -> str:
        last = self.attempts[-1] if self.attempts else None
        refused = last is not None and last.model_id == failed and last.outcome is Outcome.REFUSED
        spent = figures.charge(last.cost_usd or 0.0, last.outcome, self.language) if last else ""
        key = ("status_refused" if refused else "status_fallback") + ("" if following else "_none")
        return words(key, self.language, model=self.name(failed), next=self.name(following), spent=spent)

    def _timeline(self) -> Html:
        if self.selection is None:
            return Html("")
        told = self.service.selection_report(self.selection, self.language)
        attempts = tuple(attempt_report(attempt, self.language) for attempt in self.attempts)
        return timeline(told.explanation, told.candidates, attempts, self.names, self.language)


def names(service: Service) -> dict[str, str]:
    """Every model's name by its id, also of those that are switched off."""
    return {model.id: model.name for active in (True, False) for model in service.models(active=active)}
