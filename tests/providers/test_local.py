"""Engines on this machine: a thread, a deadline, and no engine means not ready."""

from __future__ import annotations

import asyncio
import threading

import pytest

from domain import OutputKind, ProviderKind, ProviderOutput, Raster
from errors import EngineFault, TimedOut
from providers import LocalProvider, Progress, ReplicateConfig, Stage, build_providers
from tests.providers.conftest import EMBEDDED_MODEL, PillowCodec, small_photo


def all_product(pixels: Raster) -> Raster:
    return Raster(pixels.width, pixels.height, "L", b"\xff" * (pixels.width * pixels.height))


def run(provider: LocalProvider, told: list[Progress], deadline_s: float = 10) -> ProviderOutput:
    return asyncio.run(provider.run(small_photo(), EMBEDDED_MODEL, deadline_s, told.append))


def test_an_engine_gives_a_matte() -> None:
    told: list[Progress] = []
    output = run(LocalProvider(all_product, "no_engine"), told)
    assert (output.kind, output.pixels.mode, output.pixels.size) == (OutputKind.MASK, "L", (64, 48))
    assert told == [Progress(Stage.WORKING)]


def test_an_engine_does_not_hold_up_the_event_loop() -> None:
    threads: list[threading.Thread] = []

    def engine(pixels: Raster) -> Raster:
        threads.append(threading.current_thread())
        return all_product(pixels)

    run(LocalProvider(engine, "no_engine"), [])
    assert threads[0] is not threading.main_thread()


@pytest.mark.parametrize("broken", [ValueError("x"), MemoryError(), TimeoutError("its own"), OSError("x")])
def test_an_engine_that_breaks_is_an_engine_fault(broken: BaseException) -> None:
    def engine(pixels: Raster) -> Raster:
        raise broken

    with pytest.raises(EngineFault, match=type(broken).__name__):
        run(LocalProvider(engine, "no_engine"), [])


def test_an_engine_that_is_too_slow_times_out() -> None:
    done = threading.Event()

    def engine(pixels: Raster) -> Raster:
        done.wait()
        return all_product(pixels)

    async def start() -> None:
        try:
            await LocalProvider(engine, "no_engine").run(small_photo(), EMBEDDED_MODEL, 0.02, lambda _: None)
        finally:
            done.set()

    with pytest.raises(TimedOut):
        asyncio.run(start())


def test_an_engine_is_ready_when_it_is_there() -> None:
    assert LocalProvider(all_product, "no_engine").ready(EMBEDDED_MODEL).ready


@pytest.mark.parametrize("missing", ["no_engine", "no_weights"])
def test_without_an_engine_a_local_model_is_not_ready_and_does_not_pretend(missing: str) -> None:
    provider = LocalProvider(None, missing)
    ready = provider.ready(EMBEDDED_MODEL)
    assert (ready.ready, ready.reason) == (False, missing)
    with pytest.raises(EngineFault, match=missing):
        run(provider, [])


def test_the_kinds_have_their_own_reasons_for_missing_engines() -> None:
    providers = build_providers(ReplicateConfig(), PillowCodec(), {ProviderKind.EMBEDDED: all_product})
    assert providers[ProviderKind.EMBEDDED].ready(EMBEDDED_MODEL).ready
    assert providers[ProviderKind.BIREFNET_LITE].ready(EMBEDDED_MODEL).reason == "no_weights"
