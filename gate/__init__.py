"""Pictures from outside, looked at by a process that has no secrets, little memory, and can be killed."""

from gate.gate import Gate, process_gate

__all__ = ["Gate", "process_gate"]
