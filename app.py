"""The composition root: settings → database → migrations → seed → service → page and REST → launch."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from gradio.utils import get_upload_folder

import chores
import imaging
import memory
import ui
from api import build_rest
from batches import BatchFiles, Desk, LocalQueue, PostgresQueue, prepare
from database import Database, migrate
from domain import ProviderKind, Raster
from errors import StartError
from gate import Gate, process_gate
from observability import configure_logging, guard_streams, log, log_entry
from outside import Line, Rates, Wall
from policy import ModelSelectionPolicy
from providers import (
    BIREFNET_LITE,
    Engine,
    Fetcher,
    LiteConfig,
    ReplicateConfig,
    Timing,
    Weights,
    build_providers,
    pinned,
    recorded,
)
from registry import ModelRegistry, apply_seed, load_marketplaces, load_seed
from runs import LEASE, Breakers, Calls, FileStore, Journal, Ledger, Owners, Tools, in_turn
from service import Batches, Limits, Privacy, Service, Tray, utc_now
from settings import Settings, read_settings

SEED = Path(__file__).parent / "data" / "seed.json"
MARKETPLACES = Path(__file__).parent / "data" / "marketplaces.json"
ENGINES: Mapping[ProviderKind, Engine] = {ProviderKind.EMBEDDED: imaging.object_mask}
SWITCH_S = 0.0005  # who computes lets others run so often: at Python's 0.005 every answer waits beside a run
SAY_GOODBYE_S = 1  # for the browsers to hear that their runs go on later, and for who waited that theirs do not begin
MAX_WAITING = 96  # events of all kinds; runs have a shorter line of their own, see service.turns
MAX_ACTIVE = 100  # runs that wait for their turn count, and quick events must still get through
MAX_FILE = "500mb"  # a ZIP of photos; a photo is held to 20 MB where it is opened
MAX_SESSIONS = 500  # idle ones go earlier, see ui.sessions


@dataclass(frozen=True, slots=True)
class Codec:
    """Pictures as bytes and back, for the providers; what comes back passes the gate."""

    gate: Gate

    def encode(self, pixels: Raster) -> bytes:
        return imaging.encode_upload(pixels)

    def decode(self, data: bytes) -> Raster:
        return self.gate.picture(data)


@dataclass(frozen=True, slots=True)
class Core:
    """The program without its page."""

    settings: Settings
    database: Database
    store: FileStore
    tools: Tools
    service: Service
    batches: Batches

    @property
    def journal(self) -> Journal:
        return self.tools.journal


@dataclass(slots=True)
class Running:
    """The event loop that serves, once there is one."""

    loop: asyncio.AbstractEventLoop | None = None


@dataclass(frozen=True, slots=True)
class App:
    """The program, built and not yet serving."""

    core: Core
    page: gr.Blocks
    running: Running = field(default_factory=Running)

    def launch(self, **options: Any) -> tuple[Any, str, str]:
        """Serve page, REST, client API and MCP on one port; `options` go to Gradio's `launch`."""
        rest = build_rest(self.core.service, self.core.settings.admin_token.get_secret_value(), self.core.batches)
        self.page.queue(api_open=False, max_size=MAX_WAITING, default_concurrency_limit=None)
        served: tuple[Any, str, str] = self.page.launch(
            ssr_mode=False,
            mcp_server=True,
            enable_monitoring=False,
            run_history=False,
            show_error=False,
            max_file_size=MAX_FILE,
            max_threads=MAX_ACTIVE,
            state_session_capacity=MAX_SESSIONS,
            allowed_paths=[str(self.core.store.root.absolute())],
            app_kwargs={"routes": rest.routes, "openapi_url": None, "lifespan": self._lifespan},
            **ui.LAUNCH,
            **options,
        )
        return served

    def _wall(self, inner: Any) -> Wall:
        """Around everything: `middleware` of `app_kwargs` would lie inside Gradio's CORS, which permits everybody."""
        settings = self.core.settings
        shown = [Path(get_upload_folder()), self.core.store.root.absolute()]
        names = settings.names, settings.space_host
        return Wall(inner, self.page, shown, Rates(), self._line(), settings.proxies, *names)

    def _line(self) -> Line:
        turns = self.core.service.turns
        return Line(ui.RUNS, turns.room, partial(ui.standing, self.page, ui.RUNS, turns))

    def _chores(self) -> tuple[Coroutine[Any, Any, None], ...]:
        core = self.core
        hours = core.settings.keep_hours
        begun: Mapping[str, Callable[[], Awaitable[None]]] = {
            "sweep": partial(chores.sweep, core.batches, core.service.privacy, self.page, hours),
            "tidy": partial(chores.tidy, core.database, core.tools.ledger),
            "give back": chores.give_back,
            "forget": partial(chores.forget, self.page),
            "recover": partial(chores.recover, core.service),
            "batches": core.batches.work,
        }
        return tuple(chores.kept_up(name, begin) for name, begin in begun.items())

    @asynccontextmanager
    async def _lifespan(self, server: Any) -> AsyncGenerator[None, None]:
        server.middleware_stack = self._wall(server.middleware_stack)
        ui.set_up_sessions(server, self.page)
        ui.set_up_tools(self.page)
        self.running.loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(chore) for chore in self._chores()]
        yield
        await self.core.service.stop(SAY_GOODBYE_S)  # photos of batches go on after the next start
        for task in tasks:
            task.cancel()
        self.core.database.close()


def build(settings: Settings, timing: Timing | None = None) -> App:
    """Everything up to the launch; raises `StartError` when the program must not start."""
    core = build_core(settings, timing)
    return App(core, ui.build(core.service, core.batches))


def build_core(
    settings: Settings,
    timing: Timing | None = None,
    lease: timedelta = LEASE,
    engines: Mapping[ProviderKind, Engine] = ENGINES,
) -> Core:
    """The program without its page; `engines` run on this machine."""
    models, rules = load_seed(SEED), load_marketplaces(MARKETPLACES)
    database = Database(settings.database)
    migrate(database)
    apply_seed(database, models)
    store = FileStore(settings.data_dir / "runs")
    tools = _tools(settings, database, store, timing or Timing(), lease, engines)
    tools.breakers.forgive_account()
    log.info("spend.now", **tools.ledger.report().model_dump(mode="json"))
    privacy = Privacy(Owners(database), store, utc_now, ui.delete_copies)
    service = Service(ModelRegistry(database), tools, _limits(settings), privacy, rules)
    batches = _batches(settings, database, service, tools, lease)
    return Core(settings, database, store, tools, service, batches)


def _batches(settings: Settings, database: Database, service: Service, tools: Tools, lease: timedelta) -> Batches:
    """One process works on batches by itself; where several share a database, an engine on it hands them out."""
    desk, at_once = Desk(database, utc_now, lease), settings.batch_at_once
    shared = database.engine.dialect.name == "postgresql"
    if shared:
        prepare(database)
    queue = (PostgresQueue if shared else LocalQueue)(desk, at_once, lambda: service.stopping)
    return Batches(service, Tray(desk, BatchFiles(settings.data_dir / "batches"), queue, tools.ledger, at_once))


def _limits(settings: Settings) -> Limits:
    return Limits(settings.local_engine)


def _tools(
    settings: Settings,
    database: Database,
    store: FileStore,
    timing: Timing,
    lease: timedelta,
    engines: Mapping[ProviderKind, Engine],
) -> Tools:
    config = ReplicateConfig(settings.replicate_api_token, settings.replicate_base_url, settings.lora_weights)
    gate = process_gate()
    calls = Calls(database, utc_now, settings.provider_at_once, settings.provider_per_minute)
    return Tools(
        policy=ModelSelectionPolicy(),
        providers=in_turn(build_providers(config, Codec(gate), engines, timing, _lite(settings)), calls, timing),
        journal=Journal(database, utc_now, lease),
        store=store,
        breakers=Breakers(database, utc_now),
        ledger=Ledger(database, utc_now, settings.spend_caps),
        gate=gate,
        now=utc_now,
        deadline_s=settings.run_deadline_s,
        listeners=(log_entry,),
        clock=timing.clock,
    )


def _lite(settings: Settings) -> LiteConfig:
    """The owner's own weights go first; they are never fetched."""
    threads = settings.birefnet_threads
    if settings.birefnet_weights:
        return LiteConfig(_noted(recorded(settings.birefnet_weights)), threads=threads)
    fetcher = Fetcher(BIREFNET_LITE) if settings.birefnet_download == "on" else None
    return LiteConfig(pinned(BIREFNET_LITE, settings.data_dir / "weights"), fetcher, threads)


def _noted(weights: Weights) -> Weights:
    published = weights.published.repo if weights.published else None
    log.info("weights.recorded", path=str(weights.path), sha256=weights.sha256, published=published)
    return weights


def _stop(app: App, _signal: int, _frame: FrameType | None) -> None:
    """SIGTERM: runs get their time and are then left to the next start; the server ends as with Ctrl-C after that."""
    loop = app.running.loop
    if loop is None or app.core.service.stopping:
        raise KeyboardInterrupt
    asyncio.run_coroutine_threadsafe(_wind_up(app), loop)


async def _wind_up(app: App) -> None:
    try:
        waiting = app.core.service.turns.waiting
        left = await app.core.service.stop(app.core.settings.stop_grace_s)
        log.info("stop.ready", handed_over=left)
        await asyncio.sleep(SAY_GOODBYE_S if left or waiting else 0)
    finally:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # or each open page's cut stream has a traceback
        app.page.server.force_exit = True  # open pages would hold the exit for ten seconds more
        signal.raise_signal(signal.SIGTERM)  # a second one ends it; SIGINT may be ignored, after "&"


def main() -> int:
    memory.give_back_large()
    sys.setswitchinterval(SWITCH_S)
    guard_streams(())
    configure_logging()
    try:
        settings = read_settings()
        guard_streams(settings.secrets)
        configure_logging()
        app = build(settings)
    except StartError as error:
        log.error("start.refused", error=type(error).code, reason=str(error))
        return 2
    signal.signal(signal.SIGTERM, partial(_stop, app))
    app.launch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
