"""How doubtful a matte is, from the evidence in its photo: a calibrated sum, the same for every model.

The weights are those of a logistic regression over reference mattes (also grown and shrunk by a pixel) against
synthetic faults of them; `bench/gate.py` fits them anew, by folds of photos, and prints what they catch.
"""

from __future__ import annotations

import math

from domain import Evidence, GateReason, Statement

BIAS = -4.8
WEIGHTS = {
    "frame": 4.1,
    "fragments": 1.4,
    "alike": 6.7,
    "flat": 2.2,
    "left_out": -2.8,
    "disagreement": 4.2,
    "more_alike": 11.6,
    "more_left_out": 21.4,
}
DOUBTFUL = 1.05
WEAK = -2.0
WIDEST_BAND = 0.08


def terms(evidence: Evidence) -> dict[str, float]:
    """What is weighed; without a reference its terms say nothing for or against."""
    mine = evidence.contour
    other = evidence.reference or mine
    return {
        "frame": mine.frame,
        "fragments": math.log1p(mine.fragments),
        "alike": mine.alike,
        "flat": mine.flat,
        "left_out": mine.left_out,
        "disagreement": 1 - (1.0 if evidence.overlap is None else max(evidence.overlap, 0.3)),
        "more_alike": mine.alike - other.alike,
        "more_left_out": mine.left_out - other.left_out,
    }


def doubt(evidence: Evidence) -> float:
    """Above `DOUBTFUL` a matte is more likely wrong than right."""
    return BIAS + sum(_weighed(evidence).values())


def judge_contour(evidence: Evidence) -> Statement | None:
    """None accepts the matte; a statement refuses it, with what speaks loudest against it as its reason."""
    if evidence.contour.band > WIDEST_BAND:
        return Statement(code=GateReason.BLURRED, facts={"band": evidence.contour.band})
    if doubt(evidence) <= DOUBTFUL:
        return None
    return Statement(code=GateReason.DOUBTFUL, facts={"reason": _loudest(evidence)})


def weakness(evidence: Evidence) -> str | None:
    """What makes a matte, accepted all the same, one to look at twice; None when nothing does."""
    alone = Evidence(evidence.contour)
    return _loudest(alone) if doubt(alone) > WEAK else None


def _weighed(evidence: Evidence) -> dict[str, float]:
    return {name: WEIGHTS[name] * value for name, value in terms(evidence).items()}


def _loudest(evidence: Evidence) -> str:
    weighed = _weighed(evidence)
    return max(weighed, key=lambda name: weighed[name])
