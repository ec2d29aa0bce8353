"""Files for marketplaces, made two at a time, so that many who ask cannot take all memory.

Their threads are their own, not `heavy`'s: an export with a background waits for the gate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from domain import LEAST_SIDE_PX, MOST_SIDE_PX, CheckReport, ExportOptions, ExportReport, Language, MarketplaceRules
from errors import WrongOptions
from runs import Exported, Tools, export, export_report, rule_reports
from service.opening import Opening

AT_ONCE = 2


class Exports:
    """`rules` come by marketplace, in the order in which they are offered."""

    def __init__(self, tools: Tools, rules: Mapping[str, MarketplaceRules], opening: Opening) -> None:
        self._tools, self._opening = tools, opening
        self.rules = rules
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="export")

    async def make(
        self, run_id: str, step: int, options: ExportOptions, picture: bytes | None = None, visitor: str = ""
    ) -> Exported:
        """A file for the cutout of a step (0 is the model's own); `picture` is the seller's background, which takes its
        turn as a `visitor`'s photo does.

        Raises `FilesGone`, `ExportError`, and for a background `InvalidPhoto` and `Busy`.
        """
        rules = self.rules.get(options.marketplace)
        if rules is None:
            raise WrongOptions("no such marketplace", least=LEAST_SIDE_PX, most=MOST_SIDE_PX)
        work = partial(export, self._tools, run_id, step, rules, options, picture)
        async with self._opening.turn(visitor) if picture else nullcontext():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def report(self, exported: Exported, language: Language = Language.EN) -> ExportReport:
        return export_report(exported, language)

    def rule_reports(self, marketplace: str, language: Language = Language.EN) -> tuple[CheckReport, ...]:
        """What a marketplace asks, as far as it is known, with the source and date of every rule."""
        return rule_reports(self.rules[marketplace], self._tools.now().date(), language)

    def put_aside(self, run_id: str) -> None:
        """All files of a run are made: what is in memory for them can go."""
        self._tools.store.put_aside(run_id)

    def cutout(self, run_id: str) -> Path:
        """The model's own cutout, or the draft, as a PNG; raises `FilesGone`."""
        return self._tools.store.files(run_id, 0).cutout

    def path(self, run_id: str, number: int) -> Path:
        """As `file`, for who is in a thread already."""
        return self._tools.store.export_file(run_id, number)

    async def file(self, run_id: str, number: int) -> Path:
        """A file that was made before; raises `FilesGone`."""
        return await asyncio.to_thread(self._tools.store.export_file, run_id, number)
