"""BiRefNet-lite on this machine: the matte of a tiny graph, and every way in which it is not ready or breaks."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from domain import OutputKind, Photo, ProviderKind, ProviderOutput, Raster
from errors import EngineFault, ProviderError, TimedOut, WeightsFault
from providers import LiteConfig, Pin, Progress, Stage, Timing, Weights, recorded
from providers.birefnet_lite import BirefnetLiteProvider, matte_of, tensor_of
from providers.onnx_session import OnnxSession
from providers.worker import Abandoned, Stop, Worker
from tests.fakes import graphs
from tests.fakes.weights import laid_down, pin_of
from tests.providers.conftest import a_model, small_photo

MODEL = a_model(ProviderKind.BIREFNET_LITE)


def provider_of(weights: Weights | None, **config: object) -> BirefnetLiteProvider:
    return BirefnetLiteProvider(LiteConfig(weights, **config), Timing())


def run(provider: BirefnetLiteProvider, photo: Photo | None = None, deadline_s: float = 60) -> ProviderOutput:
    told: list[Progress] = []
    output = asyncio.run(provider.run(photo or small_photo(), MODEL, deadline_s, told.append))
    assert told == [Progress(Stage.WORKING)]
    return output


def array(pixels: Raster) -> np.ndarray:
    return np.frombuffer(pixels.data, np.uint8).reshape(pixels.height, pixels.width)


def failure(provider: BirefnetLiteProvider, deadline_s: float = 60) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        run(provider, deadline_s=deadline_s)
    return caught.value


# What comes out


@pytest.mark.parametrize("takes", [graphs.SQUARE, graphs.OPEN])
def test_the_graph_makes_a_matte_of_the_photos_size_with_the_object_on_it(tmp_path: Path, takes: graphs.Shape) -> None:
    output = run(provider_of(laid_down(tmp_path, graphs.red_object(takes))))
    assert (output.kind, output.pixels.mode, output.pixels.size) == (OutputKind.MASK, "L", (64, 48))
    matte = array(output.pixels)
    assert matte[16:32, 20:44].min() > 250
    assert matte[:8].max() < 5


def test_a_large_photo_gets_a_matte_of_its_own_size(tmp_path: Path) -> None:
    output = run(provider_of(laid_down(tmp_path, graphs.red_object())), small_photo((2048, 1100)))
    assert output.pixels.size == (2048, 1100)
    assert array(output.pixels)[550, 1024] > 250


def test_the_tensor_is_what_the_models_card_asks_for() -> None:
    white = Raster(2, 2, "RGB", b"\xff" * 12)
    tensor = tensor_of(white)
    assert (tensor.shape, tensor.dtype.name) == ((1, 3, 1024, 1024), "float32")
    assert tensor.flags.c_contiguous
    imagenet = [(1 - mean) / deviation for mean, deviation in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))]
    assert tensor[0, :, 0, 0] == pytest.approx(imagenet)


def test_red_comes_before_blue() -> None:
    tensor = tensor_of(Raster(1, 1, "RGB", bytes([255, 0, 0])))
    assert tensor[0, 0, 0, 0] > 2 > 0 > tensor[0, 2, 0, 0]


@pytest.mark.parametrize(("mode", "data"), [("L", b"\xff"), ("RGB", b"\xff" * 3), ("RGBA", b"\x09\x09\x09\x00")])
def test_grey_is_a_colour_and_transparency_lies_on_white(mode: str, data: bytes) -> None:
    white = tensor_of(Raster(1, 1, "RGB", b"\xff" * 3))
    assert np.array_equal(tensor_of(Raster(1, 1, mode, data)), white)  # type: ignore[arg-type]


def test_logits_become_shares_without_overflow() -> None:
    logits = np.zeros((1, 1, 1024, 1024), np.float32)
    logits[..., :341] = -1e4
    logits[..., 682:] = 1e4
    assert array(matte_of(logits, (3, 1)))[0].tolist() == [0, 128, 255]


def test_one_session_serves_all_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = laid_down(tmp_path, graphs.red_object())
    provider = provider_of(weights)
    first = run(provider)
    monkeypatch.setattr(weights, "read", lambda: pytest.fail("the weights are read once"))
    assert run(provider) == first


def test_nothing_is_read_before_the_first_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = laid_down(tmp_path, graphs.red_object())
    monkeypatch.setattr(weights, "read", lambda: pytest.fail("read too early"))
    assert provider_of(weights).ready(MODEL).ready


# Readiness


def test_without_weights_it_is_not_ready_and_does_not_pretend(tmp_path: Path) -> None:
    weights = laid_down(tmp_path, graphs.red_object())
    weights.path.unlink()
    for provider in (provider_of(None), provider_of(weights)):
        assert provider.ready(MODEL).reason == "no_weights"
        assert isinstance(failure(provider), EngineFault)


def test_without_onnx_runtime_it_is_not_ready(tmp_path: Path) -> None:
    provider = provider_of(laid_down(tmp_path, graphs.red_object()), runtime_there=lambda: False)
    assert provider.ready(MODEL).reason == "no_runtime"
    assert isinstance(failure(provider), EngineFault)


def test_a_file_of_another_size_is_refused_at_sight(tmp_path: Path) -> None:
    provider = provider_of(laid_down(tmp_path, graphs.red_object() + b" ", pin_of(graphs.red_object())))
    assert provider.ready(MODEL).reason == "wrong_weights"


def test_a_file_with_another_hash_is_never_given_to_the_runtime(tmp_path: Path, monkeypatch) -> None:
    graph = graphs.red_object()
    other = Pin("r", "b" * 40, "f", len(graph), "0" * 64)
    provider = provider_of(laid_down(tmp_path, graph, other))
    monkeypatch.setattr("providers.onnx_session.open_session", lambda *_: pytest.fail("loaded"))
    assert provider.ready(MODEL).ready
    assert isinstance(failure(provider), WeightsFault)
    assert provider.ready(MODEL).reason == "wrong_weights"


def test_a_file_that_takes_the_place_of_a_refused_one_is_looked_at_anew(tmp_path: Path) -> None:
    graph = graphs.red_object()
    weights = laid_down(tmp_path, b"\x00" * len(graph), pin_of(graph))
    provider = provider_of(weights)
    assert isinstance(failure(provider), WeightsFault)
    weights.path.unlink()
    assert provider.ready(MODEL).reason == "no_weights"
    fresh = tmp_path / "fresh"
    fresh.write_bytes(graph)
    fresh.replace(weights.path)
    assert run(provider).kind is OutputKind.MASK


def test_an_owners_file_counts_as_it_was_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(graphs.red_object())
    weights = recorded(path)
    assert weights.sha256 == pin_of(graphs.red_object()).sha256
    assert weights.published is None
    path.write_bytes(b"\x00" * weights.size)
    assert isinstance(failure(provider_of(weights)), WeightsFault)


# Graphs that are none of ours


@pytest.mark.parametrize(
    ("graph", "said"),
    [
        (b"\x00 this is no graph", "does not take the graph"),
        (graphs.red_object((1, 3, 512, 512), (1, 1, 512, 512)), "input is tensor(float) [1, 3, 512, 512]"),
        (graphs.red_object(inputs=2), "2 inputs where one is needed"),
        (graphs.red_object(graphs.OPEN, (1, 1, 2, 2)), "output is tensor(float) [1, 1, 2, 2]"),
    ],
)
def test_a_graph_for_something_else_is_refused_with_its_reason(tmp_path: Path, graph: bytes, said: str) -> None:
    provider = provider_of(laid_down(tmp_path, graph))
    fault = failure(provider)
    assert isinstance(fault, WeightsFault)
    assert said in str(fault)
    assert provider.ready(MODEL).reason == "wrong_weights"


def test_numbers_that_are_none_are_an_engine_fault(tmp_path: Path) -> None:
    assert isinstance(failure(provider_of(laid_down(tmp_path, graphs.no_numbers()))), EngineFault)


def test_whatever_breaks_beside_the_graph_is_an_engine_fault(tmp_path: Path, monkeypatch) -> None:
    provider = provider_of(laid_down(tmp_path, graphs.red_object()))
    monkeypatch.setattr("providers.birefnet_lite.tensor_of", lambda _: [][0])
    assert "IndexError" in str(failure(provider))


# Deadlines


def test_past_the_deadline_the_graph_is_stopped_and_the_next_run_can_begin(tmp_path: Path) -> None:
    weights = laid_down(tmp_path, graphs.endless())
    provider = provider_of(weights)
    session = provider._session
    with pytest.raises(TimedOut):
        asyncio.run(provider.run(small_photo(), MODEL, 0.3, lambda _: None))
    assert session is not None
    assert session._lock.acquire(timeout=60), "the graph still counts"


def test_a_stopped_run_never_reaches_the_graph() -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Abandoned):
        OnnxSession(lambda: pytest.fail("loaded"), None, 1).run(np.zeros(1, np.float32), stop)  # type: ignore[arg-type]


def test_jobs_wait_for_each_other_in_one_thread_and_not_in_the_event_loop() -> None:
    worker = Worker("test")
    threads: list[threading.Thread] = []

    async def both() -> None:
        jobs = (worker.do(lambda _: threads.append(threading.current_thread()), 10) for _ in range(2))
        await asyncio.gather(*jobs)

    asyncio.run(both())
    assert threads[0] is threads[1] is not threading.main_thread()


def test_a_job_that_has_not_begun_when_its_deadline_passes_never_begins() -> None:
    worker, done = Worker("test"), threading.Event()
    begun: list[Stop] = []

    async def two() -> None:
        first = asyncio.create_task(worker.do(lambda _: done.wait(), 60))
        await asyncio.sleep(0)  # lets the first one go first
        try:
            with pytest.raises(TimedOut):
                await worker.do(begun.append, 0.01)
        finally:
            done.set()
        await first
        await worker.do(lambda _: None, 10)

    asyncio.run(two())
    assert begun == []


def test_a_stop_is_heard_by_who_asks_before_and_after_it() -> None:
    stop = Stop()
    heard: list[str] = []
    stop.then(lambda: heard.append("before"))
    stop.check()
    stop.set()
    stop.then(lambda: heard.append("after"))
    assert heard == ["before", "after"]
    with pytest.raises(Abandoned):
        stop.check()


def test_a_picture_on_disk_comes_out_as_pillow_sees_it(tmp_path: Path) -> None:
    """The same red object, checked against the graph's formula done by hand."""
    output = run(provider_of(laid_down(tmp_path, graphs.red_object())), small_photo((1024, 1024)))
    picture = np.asarray(Image.frombytes("RGB", (1024, 1024), small_photo((1024, 1024)).pixels.data), np.float32) / 255
    normal = (picture - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    logits = graphs.SHARPNESS * (normal[..., 0] - normal.mean(axis=2))
    expected = 255 / (1 + np.exp(-logits))
    assert np.abs(array(output.pixels) - expected).max() < 1
