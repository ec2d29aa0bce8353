"""Runs of the real program with BiRefNet-lite's weights in place, or with leave to fetch them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app import Core
from domain import Outcome, Reason, RunStatus, SelectionRequest
from providers import Fetcher
from tests.conftest import SettingsMaker
from tests.cores import core_of
from tests.fakes.graphs import red_object
from tests.fakes.hub_server import HubServer
from tests.fakes.weights import TINY
from tests.runs.running import run

LITE = SelectionRequest(model_id="birefnet-lite")


@pytest.fixture
def lite_core(make_settings: SettingsMaker, tmp_path: Path) -> Iterator[Core]:
    """The program without a token, with an owner's own weights."""
    weights = tmp_path / "mine.onnx"
    weights.write_bytes(red_object())
    core = core_of(make_settings(birefnet_weights=weights))
    yield core
    core.database.close()


def test_a_chosen_birefnet_lite_makes_the_cutout(lite_core: Core) -> None:
    result = run(lite_core.service, LITE)
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "birefnet-lite")
    assert result.selection.reason is Reason.USER_CHOICE
    assert result.cost_usd == 0


def test_without_a_token_it_goes_before_the_embedded_engine(lite_core: Core) -> None:
    result = run(lite_core.service)
    assert result.selection.plan == ("birefnet-lite", "embedded")
    assert result.model_id == "birefnet-lite"


def test_without_weights_the_plan_is_as_before(local_core: Core) -> None:
    assert run(local_core.service).selection.plan == ("embedded",)


def test_wrong_weights_hand_over_to_the_embedded_engine_and_rest(make_settings: SettingsMaker, tmp_path: Path) -> None:
    weights = tmp_path / "mine.onnx"
    weights.write_bytes(b"no graph at all")
    core = core_of(make_settings(birefnet_weights=weights))
    result = run(core.service)
    assert [(attempt.model_id, attempt.outcome, attempt.error) for attempt in result.attempts] == [
        ("birefnet-lite", Outcome.FAILED, "weights_fault"),
        ("embedded", Outcome.SUCCEEDED, None),
    ]
    assert run(core.service).selection.plan == ("embedded",)
    core.database.close()


def test_with_leave_the_weights_are_fetched_at_the_first_run_and_not_at_the_start(
    make_settings: SettingsMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HubServer(TINY, red_object()) as hub:
        monkeypatch.setattr(app, "BIREFNET_LITE", TINY)
        monkeypatch.setattr(app, "Fetcher", lambda pin: Fetcher(pin, hub.url))
        core = core_of(make_settings(birefnet_download="on"))
        assert hub.requests == []
        result = run(core.service, LITE)
        assert len(hub.ranges) == 1
    assert (result.status, result.model_id) == (RunStatus.SUCCEEDED, "birefnet-lite")
    core.database.close()
