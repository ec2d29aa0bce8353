"""The page's one task: a photo and some wishes in, a cutout and its reason out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import MethodType
from typing import Any

import gradio as gr

from domain import Goal, Language
from service import Service  # at run time: Gradio reads the handlers' hints to find the request
from ui import export_panel, privacy, rejoin, screen, touchup, welcome
from ui.card import auto_card, model_card
from ui.choices import (
    ANYWHERE,
    AUTO,
    UNKNOWN,
    complexity_choices,
    goal_choices,
    marketplace_choices,
    model_choices,
)
from ui.faults import apology, toast
from ui.form import wishes
from ui.line import InLine, events_of, note
from ui.photo import PhotoInput, photo_input
from ui.screen import Screen
from ui.story import Story, names
from ui.strings import label, language_of
from ui.visitor import visitor_key

EXAMPLES = Path(__file__).parent.parent / "data" / "examples"
RUNS = "runs"

Outputs = tuple[Any, ...]

# Events of the page: no spinners over the components, and no part of the client API.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

# On a phone the result lies below the fold; where it is visible already, this does nothing.
SHOW_STATUS = "() => { document.querySelector('#status')?.scrollIntoView({ block: 'nearest' }); }"


# Gradio takes a double click for two runs until the first one's event is under way, which may take a moment.
ONE_CLICK = """() => {
  document.addEventListener('click', (click) => {
    if (click.detail > 1 && click.target.closest('#run')) click.stopImmediatePropagation();
  }, true);
}"""

# Handlers. `types.MethodType(handler, service)` binds them: Gradio cannot see the hints of a functools.partial.


async def run(
    service: Service,
    photo: str | None,
    model: str,
    marketplace: str,
    goal: str,
    complexity: str,
    local: bool,
    commercial: bool,
    request: gr.Request,
) -> AsyncIterator[Outputs]:
    """Passes the run's events on to the page; leaving early closes the service's generator and with it the run."""
    language = language_of(request)
    story = Story(service, language, names(service))
    yield screen.begun(language).outputs()
    try:
        await note(service, photo, request)
        asked = wishes(model, marketplace, goal, complexity, local, commercial)
        async with aclosing(events_of(service, photo, asked, request)) as events:
            async for event in events:
                if isinstance(event, InLine):
                    yield screen.in_line(event.ahead, language).outputs()
                    continue
                story = story.after(event)
                yield story.show(event).outputs()
    except Exception as error:
        sentence = apology(error, language)
        yield screen.refused(sentence, language).outputs()
        raise toast(sentence, language) from error


def after_run(over: bool, request: gr.Request) -> Outputs:
    """A run that did not tell its end was stopped. Said here because what Stop said at once, a last update of the
    run, already on its way, could overwrite."""
    shown = Screen() if over else screen.stopped(language_of(request))
    return shown.outputs()


async def show_card(
    service: Service,
    model: str,
    marketplace: str,
    goal: str,
    complexity: str,
    local: bool,
    commercial: bool,
    request: gr.Request,
) -> str:
    language = language_of(request)
    states = {state.model.id: state for state in service.model_states()}
    if model in states:
        return model_card(states[model], language)
    asked = wishes(AUTO, marketplace, goal, complexity, local, commercial)
    selection = await service.select(asked, visitor=visitor_key(request))
    told = service.selection_report(selection, language)
    return auto_card(told.explanation, states.get(selection.model_id or ""), language)


# Layout.


@dataclass(frozen=True, slots=True)
class Form:
    photo: PhotoInput
    model: gr.Dropdown
    marketplace: gr.Dropdown
    goal: gr.Radio
    complexity: gr.Radio
    local: gr.Checkbox
    commercial: gr.Checkbox
    run: gr.Button
    stop: gr.Button
    forget: gr.Button

    @property
    def wishes(self) -> list[gr.components.Component]:
        """In the order in which the handlers and `ui.form.wishes` take them."""
        return [self.model, self.marketplace, self.goal, self.complexity, self.local, self.commercial]


def _form(service: Service) -> Form:
    photo = photo_input(
        label=label("photo"),
        placeholder=label("photo_placeholder"),
        alt_text=label("photo_alt"),
        elem_id="photo",
        height=230,
    )
    gr.Examples(
        [[str(path)] for path in sorted(EXAMPLES.glob("*.jpg"))],
        photo,
        label=label("examples"),
        elem_id="examples",
        cache_examples=False,
        api_visibility="private",
    )
    with gr.Row():
        marketplace = gr.Dropdown(
            marketplace_choices(service.marketplaces(), Language.EN),
            value=ANYWHERE,
            label=label("marketplace"),
            elem_id="marketplace",
            scale=4,
        )
        goal = gr.Radio(goal_choices(), value=Goal.BALANCED.value, label=label("goal"), elem_id="goal", scale=5)
    model = gr.Dropdown(
        model_choices(service.model_states(), Language.EN), value=AUTO, label=label("model"), elem_id="model"
    )
    complexity, local, commercial = _advanced()
    run_button = gr.Button(label("run"), variant="primary", size="lg", elem_id="run")
    # "hidden" and not False: a button that is made when the run starts may miss the first click.
    stop_button = gr.Button(label("stop"), variant="stop", size="lg", elem_id="stop", visible="hidden")
    return Form(
        photo, model, marketplace, goal, complexity, local, commercial, run_button, stop_button, privacy.button()
    )


def _advanced() -> tuple[gr.Radio, gr.Checkbox, gr.Checkbox]:
    with gr.Accordion(label("advanced"), open=False, elem_id="advanced"):
        complexity = gr.Radio(complexity_choices(), value=UNKNOWN, label=label("complexity"), elem_id="complexity")
        local = gr.Checkbox(label=label("local_only"), info=label("local_only_info"), elem_id="local-only")
        commercial = gr.Checkbox(
            label=label("commercial_only"), info=label("commercial_only_info"), elem_id="commercial-only"
        )
    return complexity, local, commercial


def _result(service: Service, form: Form) -> tuple[Screen, touchup.Pieces]:
    """The components that `Screen` has values for, under the same names."""
    line = gr.HTML(elem_id="status")
    with gr.Column(elem_id="result", min_width=280):
        empty = gr.HTML(elem_id="empty")
        picture = gr.ImageSlider(
            label=label("result"),
            show_label=False,
            type="filepath",
            visible=False,
            elem_id="slider",
            buttons=["fullscreen"],
        )
        caption = gr.HTML(visible=False, elem_id="caption")
        with gr.Row(visible=False, elem_id="downloads") as downloads:
            cutout = gr.DownloadButton(label("download_cutout"), variant="primary", elem_id="download-cutout")
            matte = gr.DownloadButton(label("download_matte"), elem_id="download-matte")
    pieces = touchup.layout()
    export_panel.build(service, form.marketplace, pieces.mending, QUIET)
    told = gr.HTML(visible=False, elem_id="timeline")
    with gr.Accordion(label("details"), open=False, visible=False, elem_id="details") as details:
        report = gr.JSON(show_label=False)
    over = gr.State(True)
    return Screen(
        line,
        empty,
        picture,
        caption,
        downloads,
        cutout,
        matte,
        told,
        details,
        report,
        form.run,
        form.stop,
        over,
        rejoin.ongoing_run(),
        pieces.section,
        pieces.mending,
    ), pieces


def layout(service: Service) -> tuple[Form, Screen, touchup.Pieces, gr.HTML]:
    with gr.Row(elem_id="main", equal_height=False):
        with gr.Column(elem_id="form", min_width=300, scale=5):
            form = _form(service)
        with gr.Column(elem_id="outcome", min_width=300, scale=7):
            shown, pieces = _result(service, form)
        card = gr.HTML(elem_id="card")
    return form, shown, pieces, card


# Wiring.


def build(service: Service, demo: gr.Blocks) -> None:
    form, shown, pieces, card = layout(service)
    greeted = welcome.wire(service, demo, (form.model, form.marketplace, shown.status, shown.empty), QUIET)
    rejoin.wire(service, greeted, form.run, shown, QUIET)
    running = _run_and_stop(service, form, shown, demo)
    _keep_card(service, form, card, demo, running)
    privacy.wire(service, form.forget, form.photo, shown, QUIET)
    touchup.wire(service, pieces, shown, demo, QUIET)


def _run_and_stop(service: Service, form: Form, shown: Screen, demo: gr.Blocks) -> Any:
    outputs = list(shown.outputs())
    running = form.run.click(
        MethodType(run, service),
        [form.photo, *form.wishes],
        outputs,
        concurrency_limit=None,
        concurrency_id=RUNS,
        **QUIET,
    )
    form.run.click(None, js=SHOW_STATUS, api_visibility="private")
    demo.load(None, js=ONE_CLICK, api_visibility="private")
    form.stop.click(None, cancels=[running], trigger_mode="multiple", api_visibility="private")
    running.then(after_run, shown.over, outputs, **QUIET)
    return running


def _keep_card(service: Service, form: Form, card: gr.HTML, demo: gr.Blocks, running: Any) -> None:
    """The card answers every wish at once, and again after a run, which may have tired a model."""
    answer = MethodType(show_card, service)
    fields = (form.model, form.marketplace, form.goal, form.complexity, form.local, form.commercial)
    moments = [demo.load, *(field.change for field in fields)]
    gr.on(moments, answer, form.wishes, card, trigger_mode="always_last", concurrency_limit=None, **QUIET)
    running.then(MethodType(welcome.fresh_models, service), None, form.model, **QUIET)
    running.then(answer, form.wishes, card, concurrency_limit=None, **QUIET)
