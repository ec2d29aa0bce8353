"""A run from the door to its end: a place in the line, the visitor's claim on the pictures, and then the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.context import LocalContext
from gradio.queueing import Event
from gradio.utils import get_upload_folder

from domain import SelectionRequest
from runs import RunEvent
from service import Asker, Service
from service.turns import Turns
from ui.form import photo_bytes
from ui.janitor import pages_own
from ui.visitor import asker_named, asker_of, owner_of, visitor_key


@dataclass(frozen=True, slots=True)
class InLine:
    """Not yet at work: so many are served before."""

    ahead: int


async def events_of(
    service: Service, photo: str | None, asked: SelectionRequest, request: gr.Request | None, key: str | None = None
) -> AsyncGenerator[InLine | RunEvent, None]:
    """Raises `Busy` at once when the line is full. Leaving early leaves the line, or ends the run if it has no key."""
    upload, visitor = await photo_bytes(photo), visitor_key(request)
    async with AsyncExitStack() as stay:
        place = await stay.enter_async_context(service.turns.place(asker_of(request)))
        async with aclosing(place.come()) as waiting:
            async for ahead in waiting:
                yield InLine(ahead)
        claimed = False
        run = service.run(upload, asked, visitor, key, patient=place.patient, place=stay)
        async with aclosing(run) as events:
            async for event in events:
                if not claimed:
                    claimed = True
                    await service.privacy.claim(owner_of(request), _run_id(event), upload_of(photo))
                yield event


def standing(page: gr.Blocks, name: str, turns: Turns) -> Counter[Asker]:
    """Who waits for a run: for Gradio to begin with it, on the way to the line, or in it for their turn.

    `name` is the `concurrency_id` of the functions that make runs.
    """
    queue = page._queue
    queued = queue.event_queue_per_concurrency_id[name].queue if name in queue.event_queue_per_concurrency_id else []
    begun = [event for job in queue.active_jobs for event in job or () if event.concurrency_id == name]
    return _askers(queued) + (turns.standing | (_askers(begun) - turns.running))


def _askers(events: Iterable[Event]) -> Counter[Asker]:
    return Counter(asker_named(event.request.client.host, event.session_hash) for event in events)


async def note(service: Service, file: str | None, request: gr.Request | None) -> None:
    """What was handed over is the session's to delete, whatever becomes of it."""
    if file:
        await service.privacy.claim_uploads(owner_of(request), [upload_of(file)])


def upload_of(photo: str | None) -> str:
    """Where the upload lies; an example is nobody's. Its name stays out: it is the visitor's, and may say anything."""
    path, root, page = Path(photo or "").resolve(), Path(get_upload_folder()).resolve(), LocalContext.blocks.get(None)
    if page is not None and path in pages_own(page):
        return ""
    folder = path.parent
    return str(folder) if folder != root and folder.is_relative_to(root) else ""


def _run_id(event: RunEvent) -> str:
    return str(getattr(event, "run_id", "")) or event.result.run_id  # type: ignore[union-attr]  # the end alone has none
