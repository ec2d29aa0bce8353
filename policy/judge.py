"""The gate: a pure judgement over measures of a cutout. The thresholds stand here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from domain import GateReason, Measures, Statement


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares in [0, 1]; a cutout outside them is refused."""

    min_area: float = 0.004
    max_area: float = 0.985
    max_frame_touched: float = 0.95
    min_largest_fragment: float = 0.15
    max_soft: float = 0.6


THRESHOLDS = Thresholds()


def judge(measures: Measures, thresholds: Thresholds = THRESHOLDS) -> Statement | None:
    """None accepts the cutout; a statement with a `GateReason` as its code refuses it."""
    if measures.area < thresholds.min_area:
        return Statement(code=GateReason.EMPTY, facts={"area": measures.area})
    if measures.area > thresholds.max_area or measures.frame_touched > thresholds.max_frame_touched:
        return Statement(code=GateReason.FULL_FRAME, facts={"area": measures.area})
    if measures.largest_fragment < thresholds.min_largest_fragment:
        return Statement(code=GateReason.FRAGMENTS, facts={"largest_fragment": measures.largest_fragment})
    if measures.soft > thresholds.max_soft:
        return Statement(code=GateReason.BLURRED, facts={"soft": measures.soft})
    return None
