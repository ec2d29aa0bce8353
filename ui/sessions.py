"""What Gradio keeps of visitors' sessions, and when it goes: by itself it keeps ten thousand of them, for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState, StateHolder

UNTOUCHED = timedelta(seconds=10)  # a session of a client, or of a page on which nothing was done
CLOSED = timedelta(hours=1)  # a closed page; an answer that nobody fetched


class Session(SessionState):  # type: ignore[misc]  # Gradio is untyped here
    """Without a description of the page, which Gradio makes in 12 ms and 250 kB for links that there are none of."""

    def __init__(self, page: gr.Blocks) -> None:
        super().__init__(SimpleNamespace(default_config=page.default_config, blocks=()))


class Sessions(StateHolder):  # type: ignore[misc]
    def __getitem__(self, session: str) -> Session:
        if session not in self.session_data:
            self.session_data[session] = Session(self.blocks)
        found: Session = super().__getitem__(session)
        return found


def set_up_sessions(server: Any, page: gr.Blocks) -> None:
    """Before the server, which is Gradio's, has any."""
    server.state_holder = Sessions()
    server.state_holder.set_blocks(page)


def forget_idle(page: gr.Blocks, untouched: timedelta = UNTOUCHED, closed: timedelta = CLOSED) -> None:
    """Sessions that were last used so long ago go: who comes back to one finds it as it was.

    Belongs to the loop that serves: Gradio changes all of this on it.
    """
    held, queue, now = page.state_holder, page._queue, datetime.now()
    idle = {session: now - used for session, used in held.time_last_used.items()}
    awaited = {session for session, events in queue.pending_event_ids_session.items() if events}
    over = [
        session
        for session, state in held.session_data.items()
        if (idle[session] >= closed and state.is_closed)
        or (idle[session] >= (closed if session in awaited else untouched) and _is_as_new(page, state))
    ]
    for session in over:
        held.session_data.pop(session, None)
        held.time_last_used.pop(session, None)
    _forget_answers(page, set(over))


def _is_as_new(page: gr.Blocks, state: SessionState) -> bool:
    """Nothing is in it that a new one would not have."""
    blocks = page.default_config.blocks
    return not state.state_data and all(blocks.get(key) is block for key, block in state.blocks_config.blocks.items())


def _forget_answers(page: gr.Blocks, forgotten: set[str]) -> None:
    """Of these sessions, unless one is still being worked on; of others that are gone only what nobody can fetch."""
    queue = page._queue
    for session, events in list(queue.pending_event_ids_session.items()):
        lost = session in forgotten or not events or session not in queue.pending_messages_per_session
        at_work = any(event in queue.event_ids_to_events for event in events)
        if lost and not at_work and session not in page.state_holder:
            del queue.pending_event_ids_session[session]
            queue.pending_messages_per_session.pop(session, None)
