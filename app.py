"""The composition root: settings → database → migrations → seed → service → page and REST → launch."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr

import imaging
import ui
from api import build_rest
from batches import BatchFiles, Desk, LocalQueue, PostgresQueue, prepare
from database import Database, migrate
from domain import ProviderKind
from errors import DatabaseError, StartError
from observability import configure_logging, log, log_entry
from policy import ModelSelectionPolicy
from providers import (
    BIREFNET_LITE,
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
from runs import LEASE, Breakers, Calls, FileStore, Journal, Ledger, Tools, in_turn
from service import Batches, Limits, Service, Tray, utc_now
from settings import Settings, read_settings

SEED = Path(__file__).parent / "data" / "seed.json"
MARKETPLACES = Path(__file__).parent / "data" / "marketplaces.json"
SWEEP_EVERY_S = 1800
TIDY_EVERY_S = 60
MAX_WAITING = 64
SAY_GOODBYE_S = 1  # for the browsers to hear that their runs go on later


class Codec:
    """Pictures as bytes and back, for the providers."""

    encode = staticmethod(imaging.encode_upload)
    decode = staticmethod(imaging.decode_picture)


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
            max_file_size="20mb",
            allowed_paths=[str(self.core.store.root.absolute())],
            app_kwargs={"routes": rest.routes, "openapi_url": None, "lifespan": self._lifespan},
            **ui.LAUNCH,
            **options,
        )
        return served

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncGenerator[None, None]:
        self.running.loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(chore(self.core)) for chore in (_sweep, _tidy, _recover)]
        tasks.append(asyncio.create_task(self.core.batches.work()))
        yield
        await self.core.service.stop(SAY_GOODBYE_S)  # photos of batches go on after the next start
        for task in tasks:
            task.cancel()
        self.core.database.close()


def build(settings: Settings, timing: Timing | None = None) -> App:
    """Everything up to the launch; raises `StartError` when the program must not start."""
    core = build_core(settings, timing)
    return App(core, ui.build(core.service, core.batches))


def build_core(settings: Settings, timing: Timing | None = None, lease: timedelta = LEASE) -> Core:
    models, rules = load_seed(SEED), load_marketplaces(MARKETPLACES)
    database = Database(settings.database)
    migrate(database)
    apply_seed(database, models)
    store = FileStore(settings.data_dir / "runs")
    tools = _tools(settings, database, store, timing or Timing(), lease)
    tools.breakers.forgive_account()
    log.info("spend.now", **tools.ledger.report().model_dump(mode="json"))
    service = Service(ModelRegistry(database), tools, _limits(settings), rules)
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


async def _sweep(core: Core) -> None:
    """Delete the files of runs and batches that are older than the owner keeps them."""
    while True:
        await _put_off(core.batches.tidy(timedelta(hours=core.settings.keep_hours)))
        await asyncio.to_thread(core.store.purge, core.settings.keep_hours * 3600)
        await asyncio.sleep(SWEEP_EVERY_S)


async def _put_off(chore: Awaitable[None]) -> None:
    """A chore that needs the database is done the next time, when the database is well again."""
    try:
        await chore
    except DatabaseError as error:
        log.warning("chore.put_off", reason=str(error))


async def _recover(core: Core) -> None:
    """Take up runs that were left unfinished: at the start, and whenever a lease may have lapsed."""
    while True:
        pause_s = 60.0
        try:
            pause_s = (await core.service.recover()).total_seconds()
        except DatabaseError as error:
            log.warning("recovery.put_off", reason=str(error))
        await asyncio.sleep(pause_s)


async def _tidy(core: Core) -> None:
    """Money of runs that are over goes back; a database in trouble is asked whether it is well again."""
    while True:
        await asyncio.to_thread(core.database.recheck)
        await asyncio.to_thread(core.tools.ledger.tidy)
        await asyncio.sleep(TIDY_EVERY_S)


def _limits(settings: Settings) -> Limits:
    return Limits(settings.local_engine)


def _tools(settings: Settings, database: Database, store: FileStore, timing: Timing, lease: timedelta) -> Tools:
    config = ReplicateConfig(settings.replicate_api_token, settings.replicate_base_url, settings.lora_weights)
    engines, calls = {ProviderKind.EMBEDDED: imaging.object_mask}, _calls(settings, database)
    return Tools(
        policy=ModelSelectionPolicy(),
        providers=in_turn(build_providers(config, Codec(), engines, timing, _lite(settings)), calls, timing),
        journal=Journal(database, utc_now, lease),
        store=store,
        breakers=Breakers(database, utc_now),
        ledger=Ledger(database, utc_now, settings.spend_caps),
        now=utc_now,
        deadline_s=settings.run_deadline_s,
        listeners=(log_entry,),
        clock=timing.clock,
    )


def _calls(settings: Settings, database: Database) -> Calls:
    return Calls(database, utc_now, settings.provider_at_once, settings.provider_per_minute)


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
    asyncio.run_coroutine_threadsafe(_wind_up(app.core), loop)


async def _wind_up(core: Core) -> None:
    try:
        left = await core.service.stop(core.settings.stop_grace_s)
        log.info("stop.ready", handed_over=left)
        await asyncio.sleep(SAY_GOODBYE_S if left else 0)
    finally:
        signal.raise_signal(signal.SIGINT)


def main() -> int:
    configure_logging()
    try:
        app = build(read_settings())
    except StartError as error:
        log.error("start.refused", error=type(error).code, reason=str(error))
        return 2
    signal.signal(signal.SIGTERM, partial(_stop, app))
    app.launch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
