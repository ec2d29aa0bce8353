"""The gate over measures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import GateReason, Likeness, Measures, VoteMatch
from policy import judge

GOOD = Measures(area=0.3, frame_touched=0.1, largest_fragment=0.97, soft=0.05)
GUIDE = Likeness(
    agreement=0.95,
    inliers=300,
    scale=1.0,
    stretch=1.0,
    rotation=0.0,
    shift=0.0,
    aspect_change=1.0,
    outline=0.95,
    correlation=0.9,
    detail=1.0,
    delta_e_median=1.0,
    delta_e_90=3.0,
    frame_white=1.0,
    frame_unchanged=0.0,
    whitened=0.7,
)
DOUBTFUL = replace(GUIDE, agreement=0.4, outline=0.5, vote=VoteMatch(overlap=0.6, kept=0.9, extra=0.2))


def test_an_ordinary_cutout_is_accepted():
    assert judge(GOOD) is None


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"area": 0.0}, GateReason.EMPTY),
        ({"area": 1.0}, GateReason.FULL_FRAME),
        ({"frame_touched": 1.0}, GateReason.FULL_FRAME),
        ({"largest_fragment": 0.05}, GateReason.FRAGMENTS),
        ({"soft": 0.99}, GateReason.BLURRED),
        ({"foreign": 0.01}, GateReason.REDRAWN),
    ],
)
def test_each_gross_fault_is_refused_by_its_name(fault, reason):
    refusal = judge(replace(GOOD, **fault))
    assert refusal is not None
    assert refusal.code == reason


def test_a_set_of_five_pieces_is_one_product():
    assert judge(replace(GOOD, largest_fragment=0.2)) is None


def test_a_generated_picture_that_lines_up_is_accepted():
    assert judge(GOOD, GUIDE) is None


@pytest.mark.parametrize(
    "change",
    [
        {"delta_e_median": 25.0, "delta_e_90": 45.0},
        {"correlation": 0.2, "detail": 1.6},
        {"shift": 0.09, "scale": 0.8, "rotation": 8.0},
        {"aspect_change": 2.3},
        {"frame_white": 0.7, "frame_unchanged": 0.35},
    ],
    ids=["recoloured", "label redrawn", "moved", "stretched", "touches the frame"],
)
def test_what_can_be_undone_or_is_never_shown_is_no_reason_to_refuse(change):
    assert judge(GOOD, replace(GUIDE, **change)) is None


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"frame_unchanged": 1.0, "whitened": 0.0}, GateReason.UNCHANGED),
        ({"frame_white": 0.1}, GateReason.UNCHANGED),
        ({"agreement": 0.1, "inliers": 3}, GateReason.DIFFERENT_PRODUCT),
        ({"agreement": 0.1, "inliers": 40, "delta_e_median": 70.0}, GateReason.DIFFERENT_PRODUCT),
        ({"agreement": 0.2, "inliers": 40}, GateReason.MISALIGNED),
    ],
)
def test_each_fault_of_a_generated_picture_is_refused_by_its_name(fault, reason):
    refusal = judge(GOOD, replace(GUIDE, **fault))
    assert refusal is not None
    assert refusal.code == reason


def test_where_edges_leave_doubt_the_contour_or_the_embedded_engine_decides():
    assert judge(GOOD, DOUBTFUL) is not None
    assert judge(GOOD, replace(DOUBTFUL, outline=0.8)) is None
    assert judge(GOOD, replace(DOUBTFUL, vote=VoteMatch(overlap=0.9, kept=0.9, extra=0.0))) is None
    assert judge(GOOD, replace(DOUBTFUL, vote=None)) is not None


def test_an_empty_cutout_is_called_empty_whatever_the_picture_is_like():
    refusal = judge(replace(GOOD, area=0.0), replace(GUIDE, agreement=0.0))
    assert refusal is not None
    assert refusal.code == GateReason.EMPTY


def test_a_picture_that_lines_up_is_still_judged_as_a_cutout():
    refusal = judge(replace(GOOD, soft=0.99), GUIDE)
    assert refusal is not None
    assert refusal.code == GateReason.BLURRED


def test_other_pixels_than_the_photos_are_graver_than_a_blurred_edge():
    refusal = judge(replace(GOOD, foreign=1.0, soft=0.99), GUIDE)
    assert refusal is not None
    assert refusal.code == GateReason.REDRAWN
