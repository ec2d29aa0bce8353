"""A small version of `python -m bench.batches kills`: a real process, a real SIGKILL in the middle of a batch."""

from __future__ import annotations

from pathlib import Path

from bench.batches import batch


def test_after_a_kill_every_photo_has_an_outcome_and_nothing_was_bought_twice(tmp_path: Path):
    verdict = batch(tmp_path, photos=5, kills=1)
    assert verdict.clean, verdict
    assert verdict.predictions == 5 + verdict.v2_failed
