"""A page that is opened again goes on with the run it was showing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app import Core
from domain import SelectionRequest
from tests.fakes.behaviours import forever
from tests.fakes.replicate_server import TARGETS, ReplicateServer
from tests.runs.crashing import prediction_known
from tests.runs.running import events_of, mug
from tests.ui.test_run_tab import by_name
from tests.ui.updates import asking
from ui.rejoin import rejoin


def screens_of(core: Core, run_id: object) -> list[dict[str, Any]]:
    async def collect() -> list[dict[str, Any]]:
        return [by_name(outputs) async for outputs in rejoin(core.service, run_id, asking())]

    return asyncio.run(collect())


def is_told(value: Any) -> bool:
    """Gradio's `skip` is a dictionary without a value."""
    return not (isinstance(value, dict) and "value" not in value)


def test_a_run_that_is_over_is_shown_with_its_picture_and_forgotten(local_core: Core) -> None:
    run_id = events_of(local_core.service)[0].run_id
    last = screens_of(local_core, run_id)[-1]
    assert "your cutout is ready" in last["status"]
    assert last["cutout"]["value"].endswith(".png")
    assert last["ongoing"] == ""


@pytest.mark.parametrize("run_id", ["f" * 32, "../../etc/passwd", 7, {"a": 1}])
def test_what_is_no_run_is_forgotten_without_a_word(local_core: Core, run_id: object) -> None:
    (only,) = screens_of(local_core, run_id)
    assert only["ongoing"] == ""
    assert not is_told(only["status"])


def test_without_a_run_nothing_changes(local_core: Core) -> None:
    (only,) = screens_of(local_core, "")
    assert not any(is_told(value) for value in only.values())


def test_a_run_that_its_visitor_stopped_is_not_shown_again(hosted_core: Core, replicate: ReplicateServer) -> None:
    replicate.always(TARGETS["v2"], forever())

    async def stopped() -> str:
        events = hosted_core.service.run(mug(), SelectionRequest())
        async for event in events:
            if prediction_known(hosted_core):
                await events.aclose()
                return event.run_id
        raise AssertionError("the run ended by itself")

    (only,) = screens_of(hosted_core, asyncio.run(stopped()))
    assert only["ongoing"] == ""
    assert not is_told(only["status"])
