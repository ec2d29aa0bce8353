"""A cutout mended by hand, step by step: every step is an export of the same run, and a line of its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain import EventKind, Fact, JournalEntry, Raster, Strokes, TouchUp
from errors import NothingLeft
from imaging import finish, is_empty, strokes_of, struck
from runs.events import RunFiles
from runs.job import Tools
from wording import say


class Change(StrEnum):
    """What the journal says of a touch-up."""

    MENDED = "mended"
    UNDONE = "undone"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Mended:
    """A step of a run; 0 is the model's own. `easel` is what to paint on next, a WebP."""

    step: int
    files: RunFiles
    easel: bytes


def touch_up(tools: Tools, run_id: str, step: int, painted: bytes | None, options: TouchUp) -> Mended:
    """The next step, made from `step`, with its lossless files still being written: `FileStore.files` waits for them.

    Strokes (a PNG, see `imaging.strokes_of`) add up, the finish replaces its own.
    Raises `FilesGone`, `NothingLeft`, and `InvalidPhoto` for a painting that is no picture.
    """
    begun = tools.clock()
    photo, matte = tools.store.photo(run_id), tools.store.unfinished(run_id, step)
    strokes = strokes_of(tools.gate.picture(painted)) if painted else None
    unfinished = struck(photo, matte, strokes) if strokes else matte
    cutout = finish(photo, unfinished, options, tools.store.cutout(run_id, step))
    if is_empty(cutout):
        raise NothingLeft
    made = tools.store.save_step(run_id, photo, cutout, unfinished)
    facts = {"from": step, **_painted(strokes), **options.model_dump()}
    _record(tools, run_id, Change.MENDED, made, facts, tools.clock() - begun)
    return Mended(made, tools.store.names(run_id, made), tools.store.easel(run_id, made))


def show(tools: Tools, run_id: str, step: int, change: Change | None = None) -> Mended:
    """A step that was made already; a `change` is told to the journal. Raises `FilesGone`."""
    shown = Mended(step, tools.store.files(run_id, step), tools.store.easel(run_id, step))
    if change:
        _record(tools, run_id, change, step)
    return shown


def warm_up(tools: Tools, run_id: str, step: int) -> None:
    """Photo, matte and cutout of a step are read into memory, so that the first stroke need not wait for that."""
    tools.store.photo(run_id)
    tools.store.unfinished(run_id, step)
    tools.store.cutout(run_id, step)


def _painted(strokes: Strokes | None) -> dict[str, Fact]:
    """Shares of the picture in [0, 1]."""
    if strokes is None:
        return {}
    return {"kept": _share(strokes.keep), "erased": _share(strokes.erase)}


def _share(mask: Raster) -> float:
    return round(1 - mask.data.count(0) / len(mask.data), 4)


def _record(
    tools: Tools,
    run_id: str,
    change: Change,
    step: int,
    facts: Mapping[str, Fact] | None = None,
    seconds: float | None = None,
) -> None:
    entry = JournalEntry(
        run_id=run_id,
        event=EventKind.TOUCH_UP,
        model_id=None,
        code=change,
        facts={"step": step, **(facts or {})},
        seconds=seconds,
        sentence=say(f"touch_up.{change}", {"step": step}),
    )
    tools.tell(entry)
