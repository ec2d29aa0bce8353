"""A small version of `make chaos`: random faults, a kill, and books that agree with the provider's log."""

from __future__ import annotations

from pathlib import Path

from bench.chaos import chaos


def test_after_random_faults_and_a_kill_no_run_is_lost_and_nothing_is_bought_twice(tmp_path: Path):
    verdict = chaos(tmp_path, runs=16, kills=1)
    assert verdict.clean, verdict
    assert verdict.failed > 0
    assert verdict.predictions > 0
