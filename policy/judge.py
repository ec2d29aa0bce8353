"""The gate: a pure judgement over measures of a cutout. The thresholds stand here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from domain import GateReason, Likeness, Measures, Statement


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares in [0, 1]; a cutout outside them is refused. From `max_frame_unchanged` on for generated pictures.

    Measured with `bench/kontext.py`: pictures of the product agree with the photo by 0.68 and more, pictures of others
    by 0.2 at most; recoloured ones differ by CIE76 25, other products by 30 to 90.
    """

    min_area: float = 0.004
    max_area: float = 0.985
    max_frame_touched: float = 0.95
    min_largest_fragment: float = 0.15
    max_soft: float = 0.97
    max_foreign: float = 0.001
    max_frame_unchanged: float = 0.3
    min_whitened: float = 0.05
    min_frame_white: float = 0.2
    sure_agreement: float = 0.6
    min_agreement: float = 0.25
    min_outline: float = 0.75
    min_overlap: float = 0.8
    same_inliers: int = 15
    same_delta_e: float = 45.0


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
    if _lines_up(likeness, thresholds):
        return None
    told = {"agreement": likeness.agreement, "outline": likeness.outline, "inliers": likeness.inliers}
    same = likeness.inliers >= thresholds.same_inliers and likeness.delta_e_median < thresholds.same_delta_e
    return Statement(code=GateReason.MISALIGNED if same else GateReason.DIFFERENT_PRODUCT, facts=told)


def _lines_up(likeness: Likeness, thresholds: Thresholds) -> bool:
    """All edges do; or a fair part of them, and either the contour's do or the embedded engine sees the same object."""
    if likeness.agreement >= thresholds.sure_agreement:
        return True
    vouched = likeness.vote is not None and likeness.vote.overlap >= thresholds.min_overlap
    fair = likeness.agreement >= thresholds.min_agreement
    return fair and (vouched or likeness.outline >= thresholds.min_outline)


def _judge_matte(measures: Measures, thresholds: Thresholds) -> Statement | None:
    """What is sold is the photo's product, down to its label: a cutout of other pixels is refused."""
    if measures.foreign > thresholds.max_foreign:
        return Statement(code=GateReason.REDRAWN, facts={"foreign": measures.foreign})
    if measures.area > thresholds.max_area or measures.frame_touched > thresholds.max_frame_touched:
        return Statement(code=GateReason.FULL_FRAME, facts={"area": measures.area})
    if measures.largest_fragment < thresholds.min_largest_fragment:
        return Statement(code=GateReason.FRAGMENTS, facts={"largest_fragment": measures.largest_fragment})
    if measures.soft > thresholds.max_soft:
        return Statement(code=GateReason.BLURRED, facts={"soft": measures.soft})
    return None
