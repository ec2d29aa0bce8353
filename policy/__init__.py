"""Which model, and why: pure functions; no I/O, no clock, no chance; all facts are arguments."""

from policy.deadlines import attempt_deadline
from policy.doubt import judge_contour, weakness
from policy.explain import fallback_reason
from policy.judge import THRESHOLDS, Thresholds, judge
from policy.selection import POLICY_VERSION, ModelSelectionPolicy
from policy.sights import Remark, remarks, still_to_say

__all__ = [
    "POLICY_VERSION",
    "THRESHOLDS",
    "ModelSelectionPolicy",
    "Remark",
    "Thresholds",
    "attempt_deadline",
    "fallback_reason",
    "judge",
    "judge_contour",
    "remarks",
    "still_to_say",
    "weakness",
]
