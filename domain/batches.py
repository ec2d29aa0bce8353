"""Many photos at once: what was handed in, what the whole may cost, and what became of each photo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from domain.base import Fact, ModelId, Slug, Value
from domain.listing import BackgroundKind, ExportOptions, Finding, OwnCheck
from domain.marketplaces import RuleKind
from domain.selection import SelectionRequest

MOST_PHOTOS: Final = 500
MOST_MARKETPLACES: Final = 12

BATCH_BACKGROUNDS: Final = (BackgroundKind.WHITE, BackgroundKind.COLOUR, BackgroundKind.GRADIENT)
"""A picture of one's own is a matter of single photos."""

BatchId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class BatchStatus(StrEnum):
    """A batch is PREPARED until somebody who has seen what it may cost starts it."""

    PREPARED = "prepared"
    RUNNING = "running"
    STOPPED = "stopped"
    ENDED = "ended"


class ItemState(StrEnum):
    """REFUSED never became a run; those after WORKING are the endings of runs."""

    REFUSED = "refused"
    WAITING = "waiting"
    WORKING = "working"
    SUCCEEDED = "succeeded"
    DRAFT = "draft"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


OPEN: Final = frozenset({ItemState.WAITING, ItemState.WORKING})
AGAIN: Final = frozenset({ItemState.DRAFT, ItemState.FAILED, ItemState.CANCELLED, ItemState.INTERRUPTED})
"""What another try may better; a file that is no photo stays what it is."""


class BatchOptions(Value):
    """The same for every photo. `export` says how files for `marketplaces` look; its own marketplace is not asked."""

    request: SelectionRequest = SelectionRequest()
    marketplaces: tuple[Slug, ...] = Field(default=(), max_length=MOST_MARKETPLACES)
    export: ExportOptions = ExportOptions()

    @field_validator("export")
    @classmethod
    def _without_a_picture(cls, export: ExportOptions) -> ExportOptions:
        if export.background.kind not in BATCH_BACKGROUNDS:
            raise ValueError(f"the background of many photos is one of {', '.join(BATCH_BACKGROUNDS)}")
        return export


class Estimate(Value):
    """Before the start. `worst_usd` is every model of the plan for every photo; `left_usd` None means that no cap is
    set; `holds` is whether the budget holds the worst case.
    """

    photos: int
    plan: tuple[ModelId, ...]
    worst_photo_usd: float
    worst_usd: float
    typical_s: float
    left_usd: float | None
    holds: bool


class MadeExport(Value):
    """One file for one marketplace, or `error`, the code of why there is none, filled by `facts`. `accepted` is the
    report's verdict, `missed` what is required and not met.
    """

    marketplace: Slug
    export: int | None = None
    accepted: bool | None = None
    error: str | None = None
    facts: Mapping[str, Fact] = Field(default_factory=dict)
    missed: tuple[Finding, ...] = ()


class BatchItem(Value):
    """One photo of a batch, or one file that was refused; `note` is the code of a sentence about it, filled by `facts`.

    `fallbacks` counts the models that did not deliver; seconds and cost are of all tries.
    """

    number: int
    name: str
    state: ItemState
    tries: int = 1
    run_id: str | None = None
    model_id: str | None = None
    fallbacks: int = 0
    seconds: float = 0.0
    cost_usd: float = 0.0
    note: str | None = None
    facts: Mapping[str, Fact] = Field(default_factory=dict)
    exports: tuple[MadeExport, ...] = ()


class Batch(Value):
    """One batch with all its files, in the order in which they were handed in."""

    batch_id: BatchId
    status: BatchStatus
    options: BatchOptions
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    items: tuple[BatchItem, ...] = ()

    @property
    def photos(self) -> tuple[BatchItem, ...]:
        return tuple(item for item in self.items if item.state is not ItemState.REFUSED)

    def count(self, *states: ItemState) -> int:
        return sum(item.state in states for item in self.items)

    @property
    def cost_usd(self) -> float:
        return round(sum(item.cost_usd for item in self.items), 6)


class IntakeFault(StrEnum):
    """Why a file of a ZIP, or a ZIP, is not taken; `PhotoFault` has the reasons for what is no photo."""

    ZIP_DAMAGED = "zip_damaged"
    ZIP_EMPTY = "zip_empty"
    ZIP_CROWDED = "zip_crowded"
    ZIP_NESTED = "zip_nested"
    ZIP_PASSWORD = "zip_password"  # noqa: S105  # no secret
    ZIP_NAME = "zip_name"
    ZIP_LINK = "zip_link"
    ZIP_BOMB = "zip_bomb"
    ZIP_PACKING = "zip_packing"
    TOO_MANY = "too_many"
    TOO_MANY_OTHERS = "too_many_others"
    TOO_MUCH = "too_much"


class ExportLine(Value):
    """A file for a marketplace as everybody reads it: `missed` names the rules that are required and not met, and
    `reasons` has a sentence for each, or the one that says why there is no file.
    """

    marketplace: Slug
    export: int | None
    accepted: bool | None
    error: str | None
    missed: tuple[RuleKind | OwnCheck, ...]
    reasons: tuple[str, ...]


class ItemReport(Value):
    """One line of a batch as everybody reads it; `explanation` is a sentence where something is to be said."""

    number: int
    file: str
    state: ItemState
    run_id: str | None
    model_id: str | None
    model: str | None
    fallbacks: int
    seconds: float
    cost_usd: float
    explanation: str | None
    exports: tuple[ExportLine, ...]


class BatchReport(Value):
    """A batch as everybody reads it: REST, the client API, and report.json. `left_s` is None when nobody can tell."""

    batch_id: str
    status: BatchStatus
    photos: int
    done: int
    refused: int
    states: Mapping[ItemState, int]
    cost_usd: float
    elapsed_s: float
    left_s: float | None
    marketplaces: tuple[str, ...]
    estimate: Estimate | None
    items: tuple[ItemReport, ...]
