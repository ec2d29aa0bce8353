"""The calibrated part of the gate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import Comparison, Contour, Evidence, GateReason
from policy import judge_contour, weakness
from policy.doubt import ALONE, COMPARED, doubt, terms

CLEAN = Contour(frame=0.05, alike=0.02, flat=0.05, left_out=0.02, fragments=1, band=0.01)
ALIKE = replace(CLEAN, alike=0.9)
AGREED = Comparison(CLEAN, overlap=0.95, astray=0.0, missed=0.2, spilt=0.2)


def beside(own: Contour, **other: object) -> Evidence:
    return Evidence(own, 0.9, replace(AGREED, **other))


def test_every_term_has_a_weight():
    assert set(terms(Evidence(CLEAN))) == set(ALONE.weights)
    assert set(terms(beside(CLEAN))) == set(COMPARED.weights)


def test_a_contour_that_lies_on_edges_is_accepted_with_and_without_a_reference():
    assert judge_contour(Evidence(CLEAN)) is None
    assert judge_contour(beside(CLEAN)) is None


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Evidence(ALIKE), "alike"),
        (Evidence(replace(CLEAN, frame=0.9, alike=0.4)), "frame"),
        (beside(replace(CLEAN, left_out=0.4), overlap=0.5), "left_out"),
        (beside(CLEAN, overlap=0.5, missed=3.5), "missed"),
        (beside(CLEAN, overlap=0.5, missed=1.5, spilt=3.5), "spilt"),
        (beside(replace(CLEAN, alike=0.5), overlap=0.4), "more_alike"),
    ],
)
def test_what_speaks_loudest_against_a_matte_is_its_reason(evidence, reason):
    assert doubt(evidence) > 0
    refusal = judge_contour(evidence)
    assert (refusal.code, refusal.facts["reason"]) == (GateReason.DOUBTFUL, reason)


def test_a_smeared_edge_is_refused_as_blurred():
    assert judge_contour(Evidence(replace(CLEAN, band=0.2))).code == GateReason.BLURRED


def test_a_reference_that_is_no_better_speaks_for_the_matte():
    assert doubt(beside(ALIKE, contour=ALIKE)) < doubt(beside(ALIKE))


def test_who_lies_wholly_elsewhere_than_the_reference_may_be_the_one_who_is_right():
    assert doubt(beside(CLEAN, overlap=0.5, missed=2.0, astray=1.0)) < doubt(beside(CLEAN, overlap=0.5, missed=2.0))


def test_weakness_is_said_before_a_matte_is_doubtful():
    unsure = Evidence(replace(CLEAN, alike=0.4))
    assert judge_contour(unsure) is None
    assert weakness(unsure) == "alike"
    assert weakness(Evidence(CLEAN)) is None


def test_a_clean_contour_around_what_the_network_takes_for_no_object_is_weak():
    assert weakness(Evidence(CLEAN, recognised=0.1)) is None
    assert weakness(Evidence(replace(CLEAN, alike=0.1, flat=0.1), recognised=0.1)) == "unrecognised"
    assert weakness(Evidence(replace(CLEAN, alike=0.1, flat=0.1), recognised=0.9)) is None
