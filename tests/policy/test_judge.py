"""The gate over measures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain import GateReason, Measures
from policy import judge

GOOD = Measures(area=0.3, frame_touched=0.1, largest_fragment=0.97, soft=0.05)


def test_an_ordinary_cutout_is_accepted():
    assert judge(GOOD) is None


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"area": 0.0}, GateReason.EMPTY),
        ({"area": 1.0}, GateReason.FULL_FRAME),
        ({"frame_touched": 1.0}, GateReason.FULL_FRAME),
        ({"largest_fragment": 0.05}, GateReason.FRAGMENTS),
        ({"soft": 0.9}, GateReason.BLURRED),
    ],
)
def test_each_gross_fault_is_refused_by_its_name(fault, reason):
    refusal = judge(replace(GOOD, **fault))
    assert refusal is not None
    assert refusal.code == reason


def test_a_set_of_five_pieces_is_one_product():
    assert judge(replace(GOOD, largest_fragment=0.2)) is None
