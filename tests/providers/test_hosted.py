"""A whole run of each hosted model: what is sent, what is told, what comes back."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain import ModelInfo, OutputKind
from providers import Progress, Stage
from tests.fakes.behaviours import slow_boot
from tests.fakes.models import KONTEXT
from tests.fakes.replicate_server import V2
from tests.providers.conftest import BIREFNET_MODEL, V1_MODEL, V2_MODEL, Bench, PillowCodec


@pytest.mark.parametrize("model", [V2_MODEL, V1_MODEL], ids=["v2", "v1"])
def test_kontext_brings_the_product_on_white_home(bench: Bench, model: ModelInfo) -> None:
    output = bench.run(model)
    assert output.kind is OutputKind.ON_WHITE
    assert output.pixels.mode == "RGB"
    assert output.pixels.data[:3] == b"\xff\xff\xff"
    assert output.cost_usd is None


def test_birefnet_brings_a_cutout_of_the_photo_home(bench: Bench) -> None:
    output = bench.run(BIREFNET_MODEL)
    assert (output.kind, output.pixels.mode, output.pixels.size) == (OutputKind.RGBA, "RGBA", (64, 48))
    alpha = output.pixels.data[3::4]
    assert (alpha[0], alpha[24 * 64 + 32]) == (0, 255)


def test_kontext_is_called_by_its_name(bench: Bench) -> None:
    bench.run(V2_MODEL)
    assert bench.server.creations[0].path == f"/v1/models/{KONTEXT}/predictions"


def test_birefnet_is_called_by_its_version(bench: Bench) -> None:
    bench.run(BIREFNET_MODEL)
    (creation,) = bench.server.creations
    assert creation.path == "/v1/predictions"
    assert creation.json["version"] == BIREFNET_MODEL.endpoint.partition(":")[2]


def test_the_stages_are_told_in_order_with_the_prediction_id_as_soon_as_there_is_one(bench: Bench) -> None:
    bench.server.script(V2, slow_boot(polls=3))
    bench.run(V2_MODEL)
    assert bench.told[1].token in base64.b64decode(bench.server.jobs[0].inputs["input_image"].partition(",")[2]).decode(
        "latin-1"
    )
    assert [replace(progress, token=None) for progress in bench.told] == [
        Progress(Stage.SENDING),
        Progress(Stage.SENDING),
        Progress(Stage.BOOTING, "job0001"),
        Progress(Stage.WORKING, "job0001"),
        Progress(Stage.DOWNLOADING, "job0001"),
    ]


def test_pictures_are_coded_outside_the_event_loop(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def watched(work: Callable[..., object]) -> Callable[..., object]:
        def worked(codec: PillowCodec, value: object) -> object:
            threads.append(threading.current_thread())
            return work(codec, value)

        return worked

    for name in ("encode", "decode"):
        monkeypatch.setattr(PillowCodec, name, watched(getattr(PillowCodec, name)))
    bench.run(BIREFNET_MODEL)
    assert len(threads) == 2
    assert threading.main_thread() not in threads
