"""Database set-up, registry load, and the calls of the registry and of GET /models.

    python -m bench.registry [--rounds 200]

Medians and 95th percentiles in milliseconds, beside the figures that were asked for.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from fastapi.testclient import TestClient

from api import build_rest
from app import SEED, build_core
from database import Database, migrate
from registry import ModelRegistry, apply_seed, load_seed
from settings import Settings


def timed(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def set_up(folder: Path, number: int) -> None:
    database = Database(f"sqlite:///{folder / f'{number}.db'}")
    migrate(database)
    apply_seed(database, load_seed(SEED))
    database.close()


def row(name: str, times: list[float], asked: str) -> str:
    return f"{name:<42} {median(times):>9.2f} {quantiles(times, n=20)[-1]:>9.2f}   {asked}"


def measure(folder: Path, rounds: int) -> list[str]:
    setups = [timed(lambda number=number: set_up(folder, number)) for number in range(max(rounds // 10, 5))]
    core = build_core(Settings(data_dir=folder / "data"))
    loads = [timed(ModelRegistry(core.database).get_all_models) for _ in range(rounds)]
    registry = ModelRegistry(core.database)
    with TestClient(build_rest(core.service)) as client:
        client.get("/models")
        lines = [
            row("database set-up (migrate and seed)", setups, "< 200"),
            row("registry load (empty cache)", loads, "< 50"),
            row("get_all_models (cached)", [timed(registry.get_all_models) for _ in range(rounds)], "< 10"),
            row(
                "get_model_by_id", [timed(lambda: registry.get_model_by_id("birefnet")) for _ in range(rounds)], "< 10"
            ),
            row(
                "get_models_by_tag", [timed(lambda: registry.get_models_by_tag("light")) for _ in range(rounds)], "< 10"
            ),
            row("GET /models", [timed(lambda: client.get("/models")) for _ in range(rounds)], "< 10"),
            row("GET /models/birefnet", [timed(lambda: client.get("/models/birefnet")) for _ in range(rounds)], "< 10"),
        ]
    core.database.close()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(Path(folder), rounds)
    print(f"{'milliseconds':<42} {'median':>9} {'p95':>9}   asked")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
