"""What strangers hand in: pictures opened by a process that has no secrets, addresses followed with care."""

from gate.gate import Gate, process_gate
from gate.web import Reach, fetch, from_data_uri

__all__ = ["Gate", "Reach", "fetch", "from_data_uri", "process_gate"]
