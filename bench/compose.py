"""Seconds and memory from a 12 MP cutout on the disk to a marketplace's file, written, measured and judged.

    python -m bench.compose [--marketplace amazon] [--rounds 7]

Every round is a process of its own, so that its highest memory is its own too. CPU seconds say more than seconds on a
machine that others use; all threads count.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from app import MARKETPLACES
from domain import Background, BackgroundKind, Cutout, ExportOptions
from imaging import assess, decode_picture, encode_png, examine, make_export
from registry import load_marketplaces

ASKED_S, ASKED_MIB = 1.5, 400
CASES = {
    "white": ExportOptions(),
    "gradient, shadow": ExportOptions(background=Background(kind=BackgroundKind.GRADIENT), shadow=True),
}


def mib_now() -> float:
    return _status("VmRSS")


def mib_highest() -> float:
    """Not `ru_maxrss`: a child starts with its parent's."""
    return _status("VmHWM")


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def measured(path: Path, marketplace: str, case: str) -> dict[str, float]:
    rules = load_marketplaces(MARKETPLACES)[marketplace]
    base, begun, spent = mib_now(), time.perf_counter(), time.process_time()
    cutout = Cutout(decode_picture(path.read_bytes()))
    read = time.perf_counter()
    composition, written = make_export(cutout, rules, CASES[case])
    composed = time.perf_counter()
    compliance = assess(examine(written.data, composition), rules, datetime.now(UTC).date())
    done = time.perf_counter()
    assert len(written.data) == compliance.file.size_bytes
    return {
        "seconds": done - begun,
        "cpu": time.process_time() - spent,
        "mib": mib_highest() - base,
        "read": read - begun,
        "compose and write": composed - read,
        "measure and judge": done - composed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--marketplace", default="amazon")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--measure", nargs=2, metavar=("CUTOUT", "CASE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measured(Path(asked.measure[0]), asked.marketplace, asked.measure[1])))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cutout.png"
        path.write_bytes(large_cutout())
        for case in CASES:
            report(case, [in_its_own_process(path, asked.marketplace, case) for _ in range(asked.rounds)])


def large_cutout() -> bytes:
    from tests.photos import cutout_rgba, product_matte, product_photo  # heavy, and not for the measured process

    return encode_png(cutout_rgba(product_photo(4000, 3000), product_matte(4000, 3000)))


def in_its_own_process(path: Path, marketplace: str, case: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.compose", "--marketplace", marketplace, "--measure", str(path), case]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603
    return told


def report(case: str, rounds: list[dict[str, float]]) -> None:
    middle = {name: median(one[name] for one in rounds) for name in rounds[0]}
    print(f"{case}: {middle['seconds']:.2f} s (asked: under {ASKED_S} s), CPU {middle['cpu']:.2f} s")
    print(f"  {middle['mib']:.0f} MiB above base (asked: under {ASKED_MIB} MiB)")
    print("  " + ", ".join(f"{name} {middle[name]:.2f} s" for name in list(middle)[3:]))


if __name__ == "__main__":
    main()
