"""The gate: a pure judgement over measures of a cutout. The thresholds stand here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from domain import GateReason, Likeness, Measures, Statement


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares in [0, 1]; a cutout outside them is refused."""

    min_area: float = 0.004
    max_area: float = 0.985
    max_frame_touched: float = 0.95
    min_largest_fragment: float = 0.15
    max_soft: float = 0.6
    max_frame_unchanged: float = 0.3
    min_whitened: float = 0.05
    min_frame_white: float = 0.2
    min_agreement: float = 0.35
    same_inliers: int = 15


THRESHOLDS = Thresholds()


def judge(
    measures: Measures, likeness: Likeness | None = None, thresholds: Thresholds = THRESHOLDS
) -> Statement | None:
    """None accepts the cutout; a statement with a `GateReason` as its code refuses it.

    A generated picture (the one with a likeness) is judged as such before its matte is: that tells a person more.
    """
    if measures.area < thresholds.min_area:
        return Statement(code=GateReason.EMPTY, facts={"area": measures.area})
    return (_judge_guide(likeness, thresholds) if likeness else None) or _judge_matte(measures, thresholds)


def _judge_guide(likeness: Likeness, thresholds: Thresholds) -> Statement | None:
    """Colours and labels may change, since only the original's pixels are shown: edges have to line up, no more."""
    if likeness.frame_unchanged > thresholds.max_frame_unchanged and likeness.whitened < thresholds.min_whitened:
        return Statement(code=GateReason.UNCHANGED, facts={"frame_unchanged": likeness.frame_unchanged})
    if likeness.frame_white < thresholds.min_frame_white:
        return Statement(code=GateReason.UNCHANGED, facts={"frame_white": likeness.frame_white})
    if likeness.agreement < thresholds.min_agreement:
        same = likeness.inliers >= thresholds.same_inliers
        code = GateReason.MISALIGNED if same else GateReason.DIFFERENT_PRODUCT
        return Statement(code=code, facts={"agreement": likeness.agreement, "inliers": likeness.inliers})
    return None


def _judge_matte(measures: Measures, thresholds: Thresholds) -> Statement | None:
    if measures.area > thresholds.max_area or measures.frame_touched > thresholds.max_frame_touched:
        return Statement(code=GateReason.FULL_FRAME, facts={"area": measures.area})
    if measures.largest_fragment < thresholds.min_largest_fragment:
        return Statement(code=GateReason.FRAGMENTS, facts={"largest_fragment": measures.largest_fragment})
    if measures.soft > thresholds.max_soft:
        return Statement(code=GateReason.BLURRED, facts={"soft": measures.soft})
    return None
