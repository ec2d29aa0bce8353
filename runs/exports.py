"""A cutout as a file for a marketplace: composed, written, measured again from its bytes, kept with the run."""

from __future__ import annotations

from dataclasses import dataclass

from domain import (
    BackgroundKind,
    Compliance,
    EventKind,
    ExportOptions,
    JournalEntry,
    MarketplaceRules,
    Passing,
    Raster,
)
from errors import BackgroundMissing
from imaging import assess, encode_preview, examine, make_export, says_generated
from runs.events import ExportFiles
from runs.job import Tools
from wording import say

PREVIEW_SIDE = 720


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished file, what it is, and what the rules say to it."""

    run_id: str
    step: int
    files: ExportFiles
    options: ExportOptions
    compliance: Compliance


def export(
    tools: Tools, run_id: str, step: int, rules: MarketplaceRules, options: ExportOptions, picture: bytes | None
) -> Exported:
    """The file for the cutout of a step (0 is the model's own). `picture` is the seller's background.

    Raises `FilesGone`, `ExportError`, and `InvalidPhoto` for a background that is no picture.
    """
    begun = tools.clock()
    options, behind = _with_picture(tools, options, picture)
    composition, written = make_export(tools.store.cutout(run_id, step), rules, options, behind)
    facts = examine(written.data, composition)
    compliance = assess(facts, rules, tools.now().date())
    preview = encode_preview(composition.pixels, PREVIEW_SIDE)
    name = f"{rules.id}-{facts.width}x{facts.height}"
    files = tools.store.save_export(run_id, name, written.file_format, written.data, preview)
    exported = Exported(run_id, step, files, options, compliance)
    _record(tools, exported, written.quality, tools.clock() - begun)
    return exported


def _with_picture(tools: Tools, options: ExportOptions, picture: bytes | None) -> tuple[ExportOptions, Raster | None]:
    """A picture that says itself that AI made it is believed; it passes the gate, as every file from outside."""
    if options.background.kind is not BackgroundKind.PICTURE:
        return options, None
    if picture is None:
        raise BackgroundMissing
    generated = options.background.generated or says_generated(picture)
    background = options.background.model_copy(update={"generated": generated})
    return options.model_copy(update={"background": background}), tools.gate.photo(picture).pixels


def _record(tools: Tools, exported: Exported, quality: int | None, seconds: float) -> None:
    compliance = exported.compliance
    told = {
        "step": exported.step,
        "export": exported.files.number,
        "marketplace": compliance.marketplace,
        "background": exported.options.background.kind,
        "width": compliance.file.width,
        "height": compliance.file.height,
        "format": compliance.file.file_format,
        "bytes": compliance.file.size_bytes,
        "quality": quality,
        "accepted": compliance.accepted,
        **{verdict.value: compliance.count(verdict) for verdict in Passing},
    }
    entry = JournalEntry(
        run_id=exported.run_id,
        event=EventKind.EXPORT,
        model_id=None,
        code="exported",
        facts=told,
        seconds=seconds,
        sentence=say("export.exported", told),
    )
    tools.tell(entry)
