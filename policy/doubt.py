"""How doubtful a matte is, from the evidence in its photo: a calibrated sum, the same for every model.

The weights are those of logistic regressions over reference mattes (also grown and shrunk by a pixel) against synthetic
faults of them; `bench/gate.py` fits them anew, by folds of photos, and prints what they catch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from domain import Evidence, GateReason, Statement


@dataclass(frozen=True, slots=True)
class Scale:
    """A sum above zero says that a matte is more likely wrong than right."""

    bias: float
    weights: Mapping[str, float]

    def weighed(self, terms: Mapping[str, float]) -> dict[str, float]:
        return {name: weight * terms[name] for name, weight in self.weights.items()}


ALONE = Scale(
    bias=-5.85,
    weights={"frame": 4.1, "fragments": 1.4, "alike": 6.7, "flat": 2.2, "left_out": -2.8, "unrecognised": 1.5},
)
COMPARED = Scale(
    bias=-7.54,
    weights={
        "frame": 1.23,
        "fragments": 0.47,
        "alike": 5.11,
        "flat": 6.74,
        "left_out": 9.64,
        "disagreement": 2.94,
        "more_alike": 8.31,
        "more_left_out": 7.07,
        "missed": 1.71,
        "spilt": 1.16,
        "astray": -4.22,
    },
)
WEAK = -3.05  # on the scale of a matte alone
WIDEST_BAND = 0.0165


def terms(evidence: Evidence) -> dict[str, float]:
    """What is weighed of a matte alone, or of one beside another."""
    mine, other = evidence.contour, evidence.comparison
    told = {
        "frame": mine.frame,
        "fragments": math.log1p(mine.fragments),
        "alike": mine.alike,
        "flat": mine.flat,
        "left_out": mine.left_out,
    }
    if other is None:
        return {**told, "unrecognised": 1 - evidence.recognised}
    return {
        **told,
        "disagreement": 1 - max(other.overlap, 0.3),
        "more_alike": mine.alike - other.contour.alike,
        "more_left_out": mine.left_out - other.contour.left_out,
        "missed": other.missed,
        "spilt": other.spilt,
        "astray": other.astray,
    }


def doubt(evidence: Evidence) -> float:
    """Above zero a matte is more likely wrong than right."""
    scale = _scale(evidence)
    return scale.bias + sum(scale.weighed(terms(evidence)).values())


def judge_contour(evidence: Evidence) -> Statement | None:
    """None accepts the matte; a statement refuses it, with what speaks loudest against it as its reason."""
    if evidence.contour.band > WIDEST_BAND:
        return Statement(code=GateReason.BLURRED, facts={"band": evidence.contour.band})
    if doubt(evidence) <= 0:
        return None
    return Statement(code=GateReason.DOUBTFUL, facts={"reason": _loudest(evidence)})


def weakness(evidence: Evidence) -> str | None:
    """What makes a matte, accepted all the same, one to look at twice; None when nothing does."""
    if evidence.contour.band > WIDEST_BAND:
        return "flat"
    alone = Evidence(evidence.contour, evidence.recognised)
    return _loudest(alone) if doubt(alone) > WEAK else None


def _scale(evidence: Evidence) -> Scale:
    return ALONE if evidence.comparison is None else COMPARED


def _loudest(evidence: Evidence) -> str:
    weighed = _scale(evidence).weighed(terms(evidence))
    return max(weighed, key=lambda name: weighed[name])
