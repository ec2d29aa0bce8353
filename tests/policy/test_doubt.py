"""The calibrated part of the gate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import Contour, Evidence, GateReason
from policy import judge_contour, weakness
from policy.doubt import DOUBTFUL, WEIGHTS, doubt, terms

CLEAN = Contour(frame=0.05, alike=0.02, flat=0.05, left_out=0.02, fragments=1, band=0.01)
ALIKE = replace(CLEAN, alike=0.9)


def test_every_term_has_a_weight():
    assert set(terms(Evidence(CLEAN))) == set(WEIGHTS)


def test_a_contour_that_lies_on_edges_is_accepted_with_and_without_a_reference():
    assert judge_contour(Evidence(CLEAN)) is None
    assert judge_contour(Evidence(CLEAN, CLEAN, 0.95)) is None


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Evidence(ALIKE), "alike"),
        (Evidence(replace(CLEAN, frame=0.9, alike=0.4)), "frame"),
        (Evidence(replace(CLEAN, left_out=0.4), CLEAN, 0.5), "more_left_out"),
        (Evidence(replace(CLEAN, alike=0.5), CLEAN, 0.4), "more_alike"),
    ],
)
def test_what_speaks_loudest_against_a_matte_is_its_reason(evidence, reason):
    assert doubt(evidence) > DOUBTFUL
    refusal = judge_contour(evidence)
    assert (refusal.code, refusal.facts["reason"]) == (GateReason.DOUBTFUL, reason)


def test_a_smeared_edge_is_refused_as_blurred():
    assert judge_contour(Evidence(replace(CLEAN, band=0.2))).code == GateReason.BLURRED


def test_a_reference_that_is_no_better_speaks_for_the_matte():
    assert doubt(Evidence(ALIKE, ALIKE, 1.0)) < doubt(Evidence(ALIKE, CLEAN, 0.5))


def test_weakness_is_said_before_a_matte_is_doubtful():
    unsure = Evidence(replace(CLEAN, alike=0.4))
    assert judge_contour(unsure) is None
    assert weakness(unsure) == "alike"
    assert weakness(Evidence(CLEAN)) is None
