"""What was handed in, looked at file by file: photos are kept for their runs, everything else gets a line that says
why not. Only names, sizes and first bytes are looked at; pictures are opened by their runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batches.files import BatchFiles
from batches.names import last_part
from batches.zips import MEGABYTE, MOST_PHOTO, MOST_UNPACKED, Budget, Refusal, Unpacked, is_clutter, is_zip, unpacked
from domain import MOST_PHOTOS, BatchItem, Fact, IntakeFault, ItemState
from errors import InvalidPhoto, PhotoFault
from imaging import container_of

MOST_REFUSALS = 500  # lines; what goes beyond is counted
HEAD = 4096


@dataclass(frozen=True, slots=True)
class Handed:
    """One uploaded file; `name` is what the person calls it."""

    name: str
    path: Path


def take_in(
    files: Iterable[Handed], store: BatchFiles, batch_id: str, most_bytes: int = MOST_UNPACKED
) -> tuple[BatchItem, ...]:
    """Photos are kept in `store`, one in memory at a time. Each file of a ZIP counts as if it came by itself."""
    items: list[BatchItem] = []
    taken, over = Counter[bool](), Counter[bool]()
    for one in _looked_at(files, Budget(most_bytes)):
        refused = isinstance(one, Refusal)
        if taken[refused] >= (MOST_REFUSALS if refused else MOST_PHOTOS):
            over[refused] += 1
            continue
        taken[refused] += 1
        items.append(_item(len(items) + 1, one))
        if isinstance(one, Unpacked):
            store.keep(batch_id, len(items), one.data)
    for refused, code in ((False, IntakeFault.TOO_MANY), (True, IntakeFault.TOO_MANY_OTHERS)):
        if over[refused]:
            facts: dict[str, Fact] = {"count": over[refused], "limit": MOST_PHOTOS}
            items.append(_item(len(items) + 1, Refusal("…", code, facts)))
    return tuple(items)


def _looked_at(files: Iterable[Handed], budget: Budget) -> Iterator[Unpacked | Refusal]:
    for file in files:
        if is_clutter(file.name):
            continue
        for one in _contents(file, budget):
            yield _judged(one) if isinstance(one, Unpacked) else one


def _contents(file: Handed, budget: Budget) -> Iterator[Unpacked | Refusal]:
    name = last_part(file.name)
    with file.path.open("rb") as opened:
        head = opened.read(HEAD)
        if not is_zip(head):
            whole = Unpacked(name, head + opened.read(MOST_PHOTO + 1 - len(head)))
            budget.left -= len(whole.data)
            yield whole if budget.left >= 0 else Refusal(name, IntakeFault.TOO_MUCH)
            return
    yield from unpacked(file.path, name, budget)


def _judged(file: Unpacked) -> Unpacked | Refusal:
    if len(file.data) > MOST_PHOTO:
        return Refusal(file.name, PhotoFault.TOO_MANY_BYTES, {"limit_mb": MOST_PHOTO // MEGABYTE})
    try:
        container_of(file.data)
    except InvalidPhoto as fault:
        return Refusal(file.name, fault.code, dict(fault.facts))
    return file


def _item(number: int, one: Unpacked | Refusal) -> BatchItem:
    if isinstance(one, Refusal):
        family = "intake" if one.code in set(IntakeFault) else "error"
        note = f"{family}.{one.code}"
        return BatchItem(number=number, name=one.name, state=ItemState.REFUSED, note=note, facts=one.facts)
    return BatchItem(number=number, name=one.name, state=ItemState.WAITING)
