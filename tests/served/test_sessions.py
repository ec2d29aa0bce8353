"""What Gradio keeps of sessions: of clients nothing after their answers, of pages what somebody did on them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import gradio as gr
import httpx
import pytest

import ui
from tests.serving import Served

AT_ONCE, LONG = timedelta(0), timedelta(hours=1)
CALL = "/gradio_api/call/list_models"


@pytest.fixture
def session() -> str:
    return str(uuid.uuid4())


def ask(served: Served, session: str) -> str:
    """The event of a call whose answer waits to be fetched."""
    answer = httpx.post(served.url + CALL, json={"data": ["", "", True], "session_hash": session})
    return str(answer.json()["event_id"])


def fetch(served: Served, event: str) -> str:
    return httpx.get(f"{served.url}{CALL}/{event}").text


def traces(served: Served, session: str) -> list[bool]:
    page = served.page
    kept = (page.state_holder.session_data, page.state_holder.time_last_used)
    return [session in held for held in (*kept, *_queued(page))]


def _queued(page: gr.Blocks) -> tuple[dict[str, object], dict[str, object]]:
    return page._queue.pending_event_ids_session, page._queue.pending_messages_per_session


def test_nothing_is_kept_of_a_client_that_has_its_answer(local: Served, session: str):
    fetch(local, ask(local, session))
    assert traces(local, session)[0]
    ui.forget_idle(local.page, AT_ONCE, LONG)
    assert traces(local, session) == [False] * 4


def test_a_forgotten_client_goes_on_as_before(local: Served, session: str):
    first = fetch(local, ask(local, session))
    ui.forget_idle(local.page, AT_ONCE, LONG)
    assert fetch(local, ask(local, session)) == first
    assert "event: complete" in first


def test_an_answer_waits_to_be_fetched_for_as_long_as_a_closed_page(local: Served, session: str):
    event = ask(local, session)
    _until_answered(local, event)
    ui.forget_idle(local.page, AT_ONCE, LONG)
    assert "event: complete" in fetch(local, event)
    _until_answered(local, ask(local, session))
    ui.forget_idle(local.page, AT_ONCE, AT_ONCE)
    assert traces(local, session) == [False] * 4


def test_an_answer_outlives_a_session_that_had_to_make_room_for_others(local: Served, session: str):
    event = ask(local, session)
    _until_answered(local, event)
    local.page.state_holder.session_data.pop(session)
    ui.forget_idle(local.page, AT_ONCE, LONG)
    assert "event: complete" in fetch(local, event)
    ui.forget_idle(local.page, AT_ONCE, LONG)
    assert [session in held for held in _queued(local.page)] == [False, False]


def test_a_session_is_not_forgotten_while_it_was_used_a_moment_ago(local: Served, session: str):
    fetch(local, ask(local, session))
    ui.forget_idle(local.page, LONG, LONG)
    assert traces(local, session)[0]


def test_what_somebody_did_on_a_page_is_kept_until_it_is_closed_for_long(local: Served, session: str):
    page = local.page
    state = page.state_holder[session]
    touched = next(key for key, block in page.blocks.items() if isinstance(block, gr.State))
    state[touched] = "something of theirs"
    ui.forget_idle(page, AT_ONCE, AT_ONCE)
    assert page.state_holder[session] is state, "an open page"
    state.is_closed = True
    ui.forget_idle(page, AT_ONCE, LONG)
    assert page.state_holder[session] is state, "a page that was closed a moment ago"
    ui.forget_idle(page, AT_ONCE, AT_ONCE)
    assert session not in page.state_holder


def test_what_a_page_was_changed_to_is_kept(local: Served, session: str):
    page = local.page
    state = page.state_holder[session]
    changed = next(key for key, block in page.blocks.items() if isinstance(block, gr.Dropdown))
    state[changed] = gr.Dropdown(choices=["another"], render=False)
    ui.forget_idle(page, AT_ONCE, AT_ONCE)
    assert page.state_holder[session] is state


def _until_answered(served: Served, event: str) -> None:
    """Another call of the same kind ends after it: they are worked on one after another."""
    while event in served.page._queue.event_ids_to_events:
        fetch(served, ask(served, str(uuid.uuid4())))
