"""The two ways in which a stock set-up gives its token away, and the one in which a photo leaves unseen."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager

import httpx
import pytest

from domain import RunStatus, SelectionRequest
from runs import RunStarted
from tests.conftest import SettingsMaker
from tests.cores import core_of
from tests.fakes.behaviours import Reply, output
from tests.fakes.replicate_server import TARGETS, ReplicateServer
from tests.fakes.trap import Trap
from tests.leaks import TOKEN, WATCH
from tests.outside.probes import get, photo, send
from tests.runs.running import mug, run
from tests.serving import Served, hosted_settings


@contextmanager
def connections() -> Iterator[list[object]]:
    """Every connection that this process opens meanwhile, whatever opens it."""
    opened: list[object] = []
    watching = True

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
            opened.append(arguments[1:])

    sys.addaudithook(note)
    try:
        yield opened
    finally:
        watching = False


@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/thread-self/environ", "//proc/self/environ"])
def test_the_environment_cannot_be_read_through_a_component_or_as_a_file(outside: Served, path: str):
    """With `mount_gradio_app` the first of these gave the token."""
    where = httpx.URL(outside.url)
    asked = photo("by path", path=path)
    told = send(where.host, where.port, asked, {})
    shown = send(where.host, where.port, get("as a file", f"/gradio_api/file={path}"), {})
    assert told.refused
    assert shown.refused
    assert "PATH=" not in told.text + shown.text


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_a_picture_on_a_foreign_host_is_not_fetched_let_alone_with_the_token(hosted_core, replicate, target):
    """The provider's own client downloads from wherever the answer says, with the account's token."""
    with Trap() as trap:
        for other in TARGETS.values():
            replicate.always(other, output(f"http://127.0.0.1:{trap.port}/picture.png"))
        result = run(hosted_core.service, SelectionRequest())
        assert trap.came == []
    assert result.status is RunStatus.DRAFT
    assert {attempt.error for attempt in result.attempts} == {"bad_output"}


def test_a_redirect_from_the_providers_host_is_not_followed(hosted_core, replicate: ReplicateServer):
    with Trap() as trap:
        away = Reply(302, headers={"Location": f"http://127.0.0.1:{trap.port}/picture.png"})
        for target in TARGETS.values():
            replicate.always(target, output(f"{replicate.url}/delivery/away.png"))
        usual = replicate._listening.answer
        replicate._listening.answer = lambda request: away if "away.png" in request.path else usual(request)
        result = run(hosted_core.service)
        assert trap.came == []
    assert result.status is RunStatus.DRAFT


def test_local_only_opens_no_connection_although_everything_is_there_to_tempt_it(
    make_settings: SettingsMaker, replicate: ReplicateServer
):
    settings = hosted_settings(replicate, data_dir=make_settings().data_dir, birefnet_download="on")
    core = core_of(settings)
    with connections() as opened:
        result = run(core.service, SelectionRequest(local_only=True, model_id="birefnet-lite"))
    core.database.close()
    assert opened == []
    assert replicate.requests == []
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "embedded")


def test_the_visitor_hears_which_model_it_is_before_anything_is_sent(hosted_core, replicate: ReplicateServer):
    async def first() -> object:
        async with aclosing(hosted_core.service.run(mug(), SelectionRequest())) as events:
            event = await anext(events)
            assert replicate.requests == []
            return event

    told = asyncio.run(first())
    assert isinstance(told, RunStarted)
    assert told.selection.model_id == "flux-kontext-lora-v2"


def test_the_watch_would_see_the_token():
    watch = type(WATCH)()
    watch.look("here", b"..." + TOKEN)
    assert watch.found == ["here"]
