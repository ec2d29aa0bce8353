"""Log lines as a machine reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = """
from domain import EventKind, JournalEntry
from errors import EngineFault
from observability import configure_logging, log, log_entry
configure_logging()
log_entry(JournalEntry(run_id="r1", event=EventKind.OUTCOME, model_id="birefnet", code="succeeded", sentence="Готово."))
log.warning("fault", exc_info=EngineFault("it broke"))
"""


def test_a_line_is_one_json_object_with_the_run_id_and_a_fault_has_its_trace():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    entry, fault = (json.loads(line) for line in ended.stderr.splitlines())
    assert (entry["event"], entry["run_id"], entry["sentence"]) == ("run.outcome", "r1", "Готово.")
    assert "it broke" in fault["exception"]
    assert ended.stdout == ""
