"""Strange files through the client API, several rounds: nothing may break, leak, take long, or grow.

    python -m bench.corpus CORPUS [--rounds 4]

CORPUS holds files and a manifest.csv: file, expectation ("processed", "clear-error", or both with "|"), and where given
upload_as (the name to send it under) and marker (text of the file that must not come back).
"""

from __future__ import annotations

import argparse
import csv
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from bench.serving import TOKEN, Program, program

SLOWEST_S, MOST_MB, GROWTH = 12.0, 800.0, 1.05
FILE = {"_type": "gradio.FileData"}
LEAK = re.compile(
    r"Traceback|site-packages|\.py\b|/home/|/tmp/|/work|\w+(?:Error|Exception)\b|errors\.|PIL\b"
)  # searched for


@dataclass(frozen=True)
class Case:
    path: Path
    expected: frozenset[str]
    name: str
    marker: str


@dataclass(frozen=True)
class Told:
    """`word` is "processed", "clear-error", or how it broke; `faults` are leaks and wrong outputs."""

    word: str
    seconds: float
    faults: tuple[str, ...] = ()


def cases(corpus: Path) -> list[Case]:
    with (corpus / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return [
            Case(
                corpus / row["file"],
                frozenset(row["expectation"].split("|")),
                row.get("upload_as") or row["file"],
                row.get("marker") or "",
            )
            for row in csv.DictReader(file)
        ]


def tried(client: Client, url: str, case: Case) -> Told:
    begun = time.perf_counter()
    try:
        word, faults = _word(client, url, case)
    except Exception as error:  # whatever it is, it is what must not happen
        word, faults = f"CRASH {type(error).__name__}: {str(error)[:80]}", ()
    return Told(word, time.perf_counter() - begun, faults)


def _word(client: Client, url: str, case: Case) -> tuple[str, tuple[str, ...]]:
    sent = httpx.post(f"{url}/gradio_api/upload", files={"files": (case.name, case.path.read_bytes())}, timeout=30)
    if sent.status_code >= 500:
        return f"CRASH upload {sent.status_code}", ()
    if sent.status_code >= 400:
        return "clear-error", tuple(_leaks(sent.text, case))
    try:
        cutout, run = client.predict({"path": sent.json()[0], "meta": FILE}, api_name="/process")
    except AppError as error:
        said = str(error)
        blank = [] if len(said) > 15 and said.endswith(".") else [f"no sentence: {said!r}"]
        return "clear-error", (*blank, *_leaks(said, case))
    faults = [*_leaks(str(run), case)]
    if cutout:
        data = Path(cutout).read_bytes()
        faults += [f"marker in {cutout}"] if case.marker and case.marker.encode() in data else []
        with Image.open(cutout) as picture:
            faults += [] if (picture.format, picture.mode) == ("PNG", "RGBA") else ["no RGBA PNG"]
    return "processed", tuple(faults)


def _leaks(text: str, case: Case) -> Iterator[str]:
    found = LEAK.search(text)
    if found:
        yield f"leak {found.group()!r}"
    if (case.marker and case.marker in text) or TOKEN in text:
        yield "marker or token in the answer"


def left_behind(served: Program, cases: list[Case]) -> Iterator[str]:
    """In the log, in the database, and beside the folders that are ours."""
    markers = {case.marker for case in cases if case.marker}
    for path in (served.folder / "log", *(served.folder / "data").rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield from (f"{name!r} in {path.name}" for name in (*markers, TOKEN) if name.encode() in data)
    yield from (f"{path} was written" for path in Path(tempfile.gettempdir()).glob("*pwned*"))
    if "Traceback" in served.log:
        yield "a trace in the log"


def rounds(served: Program, files: list[Case], count: int) -> int:
    """Prints a line a round and a line a fault; answers with how many faults there were."""
    held: list[float] = []
    faults: Counter[str] = Counter()
    for number in range(1, count + 1):
        client = Client(served.url, verbose=False)
        told = {case.path.name: tried(client, served.url, case) for case in files}
        client.close()
        held.append(served.megabytes)
        wrong = [case.path.name for case in files if told[case.path.name].word not in case.expected]
        slowest = max(told, key=lambda name: told[name].seconds)
        print(
            f"round {number}: {len(files) - len(wrong)} of {len(files)} as expected, slowest "
            f"{told[slowest].seconds:.1f} s ({slowest}; asked < {SLOWEST_S:.0f}), {held[-1]:.0f} MB"
            f" (asked < {MOST_MB:.0f})"
        )
        for name, one in told.items():
            for fault in (*one.faults, *([one.word] if name in wrong else [])):
                faults[f"{name}: {fault}"] += 1
        faults["too slow"] += told[slowest].seconds > SLOWEST_S
        faults["too much memory"] += held[-1] > MOST_MB
    if len(held) > 2:
        print(f"growth from round 2 to {count}: {100 * (held[-1] / held[1] - 1):+.1f} % (asked < +5 %)")
        faults["growth"] += held[-1] > held[1] * GROWTH
    faults.update(left_behind(served, files))
    for fault, times in faults.items():
        if times:
            print(f"FAULT ({times}×) {fault}")
    return faults.total()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    files = cases(options.corpus)
    with tempfile.TemporaryDirectory() as folder, program(Path(folder), LOCAL_ENGINE="always") as served:
        faults = rounds(served, files, options.rounds)
    print(f"{faults} faults (asked: 0)")
    return min(faults, 1)


if __name__ == "__main__":
    raise SystemExit(main())
