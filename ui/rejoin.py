"""A page that is opened again, after a restart of the program above all, goes on with the run it was showing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from types import MethodType
from typing import Any

import gradio as gr

from domain import RunStatus
from runs.events import RunEnded, RunResult
from service import Service  # at run time: Gradio reads the handlers' hints to find the request
from ui.screen import Screen
from ui.story import Story, names
from ui.strings import language_of
from ui.visitor import owner_of

Outputs = tuple[Any, ...]

# Gradio opens the page again when it loses the server in the middle of a stream. A run that is handed over has ended
# its stream in good order, so nobody would look; this does, where the status line says that the program restarts.
LOOK_FOR_NEW_PROGRAM = """() => {
  const mine = window.gradio_config.app_id;
  setInterval(async () => {
    if (!document.querySelector('#status .handed-over')) return;
    const answer = await fetch('gradio_api/app_id').then((one) => one.json()).catch(() => ({ app_id: mine }));
    if (answer.app_id !== mine) window.location.reload();
  }, 2000);
}"""

RUN_ID = re.compile(r"[0-9a-f]{32}")


def ongoing_run() -> gr.BrowserState:
    """The id of the run that the page shows, kept by the browser. Its "secret" must outlive the process, and hides
    nothing: the id is the visitor's own."""
    return gr.BrowserState("", storage_key="cutout-router-run", secret="cutout-router")  # noqa: S106


async def rejoin(service: Service, run_id: object, request: gr.Request) -> AsyncIterator[Outputs]:
    """Follows the run to its end, which leaving does not cancel."""
    known = isinstance(run_id, str) and RUN_ID.fullmatch(run_id)
    if known:
        await service.privacy.pass_on(str(run_id), owner_of(request))
        story = Story(service, language_of(request), names(service))
        async with aclosing(service.follow(str(run_id))) as events:
            async for event in events:
                if isinstance(event, RunEnded) and not _worth_showing(event.result):
                    break
                story = story.after(event)
                yield story.show(event).outputs()
                if isinstance(event, RunEnded):
                    return
    yield Screen(ongoing="" if run_id else None).outputs()


def _worth_showing(result: RunResult) -> bool:
    """Not what was stopped, nor pictures that are deleted by now."""
    return result.status is RunStatus.FAILED or (result.files is not None and result.status is not RunStatus.CANCELLED)


def wire(service: Service, greeted: Any, run: gr.Button, shown: Screen, quiet: dict[str, Any]) -> None:
    """After the greeting, which writes the same line; a new run goes before an old one."""
    following = greeted.then(
        MethodType(rejoin, service), shown.ongoing, list(shown.outputs()), concurrency_limit=None, **quiet
    )
    run.click(None, cancels=[following], api_visibility="private")
    greeted.then(None, js=LOOK_FOR_NEW_PROGRAM, api_visibility="private")
