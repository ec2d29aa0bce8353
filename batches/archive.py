"""A ZIP that is made while it is sent: no file on disk, and one part of one file in memory."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batches.names import numbered
from domain import BatchReport, ItemReport, ItemState

PART = 256 * 1024
MADE_AT = (2020, 1, 1, 0, 0, 0)  # the same archive twice is the same bytes
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
FOLDERS = {ItemState.SUCCEEDED: "cutouts", ItemState.DRAFT: "drafts"}
COLUMNS = (
    "file",
    "archive_file",
    "state",
    "model",
    "fallbacks",
    "seconds",
    "cost_usd",
    "explanation",
    "run_id",
    "not_met",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive, on disk or in memory."""

    name: str
    content: Path | bytes


def archived(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Pictures do not shrink, so nothing is compressed. A file that is gone by now is left out."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for entry in entries:
            for _ in _packed(archive, entry):
                yield from sink.drained()
    yield from sink.drained()


def _packed(archive: zipfile.ZipFile, entry: Entry) -> Iterator[None]:
    """Stops after every part, for what was written to be sent."""
    try:
        source = io.BytesIO(entry.content) if isinstance(entry.content, bytes) else entry.content.open("rb")
    except FileNotFoundError:
        return
    with source, archive.open(zipfile.ZipInfo(entry.name, MADE_AT), "w") as packed:
        while part := source.read(PART):
            packed.write(part)
            yield


class _Sink(io.RawIOBase):
    """What `zipfile` writes to: it cannot go back, so sizes follow their files."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._written.append(bytes(data))
        return len(data)

    def drained(self) -> Iterator[bytes]:
        written, self._written = self._written, []
        yield from written


def stems(report: BatchReport) -> dict[int, str]:
    """What the files of each photo are called after, by its number."""
    photos = [item for item in report.items if item.state is not ItemState.REFUSED]
    return dict(zip((item.number for item in photos), numbered(item.file for item in photos), strict=True))


def report_json(report: BatchReport) -> bytes:
    return report.model_dump_json(indent=2).encode()


def report_csv(report: BatchReport) -> bytes:
    """With a mark that makes spreadsheets read UTF-8, and without cells that they would calculate."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([*COLUMNS, *report.marketplaces])
    called = stems(report)
    for item in report.items:
        cells = (item.file, _cutout(item, called), *_columns(item), *_verdicts(item, report.marketplaces))
        table.writerow([_cell(value) for value in cells])
    return text.getvalue().encode("utf-8-sig")


def _cutout(item: ItemReport, called: Mapping[int, str]) -> str:
    """Where its cutout lies in the archive: two files that were called the same are told apart by it."""
    folder = FOLDERS.get(item.state)
    return f"{folder}/{called[item.number]}.png" if folder else ""


def _columns(item: ItemReport) -> tuple[object, ...]:
    told = item.explanation or ""
    spent = (item.fallbacks, item.seconds, item.cost_usd)
    return (item.state, item.model or "", *spent, told, item.run_id, _not_met(item))


def _not_met(item: ItemReport) -> str:
    """What stands against the files for marketplaces, a line each."""
    return "\n".join(f"{made.marketplace}: {reason}" for made in item.exports for reason in made.reasons)


def _verdicts(item: ItemReport, marketplaces: Iterable[str]) -> Iterator[str]:
    """For each marketplace: accepted, rejected, unknown, or the code of why there is no file."""
    made = {one.marketplace: one for one in item.exports}
    words = {True: "accepted", False: "rejected", None: "unknown"}
    for name in marketplaces:
        one = made.get(name)
        yield "" if one is None else one.error or words[one.accepted]


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
