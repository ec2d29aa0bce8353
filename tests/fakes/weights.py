"""Weights that fit in a line: the tiny graph as a published file, and where to put it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from providers import Pin, Weights, pinned
from tests.fakes.graphs import red_object


def pin_of(graph: bytes) -> Pin:
    """As if `graph` had been published."""
    return Pin("nobody/tiny-ONNX", "a" * 40, "onnx/model.onnx", len(graph), hashlib.sha256(graph).hexdigest())


TINY = pin_of(red_object())


def laid_down(folder: Path, graph: bytes, pin: Pin | None = None) -> Weights:
    """The file where it is looked for; with a `pin` of another file, it is the wrong one."""
    weights = pinned(pin or pin_of(graph), folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights.path.write_bytes(graph)
    return weights
