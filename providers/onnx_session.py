"""A graph in ONNX Runtime: made at its first use, checked, held to few threads and to no more memory than it needs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import EngineFault, WeightsFault
from providers.worker import Stop

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Contract:
    """The shapes of a graph's only input and only output; both are float32."""

    takes: tuple[int, ...]
    gives: tuple[int, ...]


@cache
def runtime_there() -> bool:
    """Whether ONNX Runtime is installed; there are machines that it has no wheel for."""
    return importlib.util.find_spec("onnxruntime") is not None


class OnnxSession:
    """One session for all; `load` gives the graph's bytes when they are needed first."""

    def __init__(self, load: Callable[[], bytes], contract: Contract, threads: int) -> None:
        self._load = load
        self._contract = contract
        self._threads = threads
        self._lock = Lock()
        self._session: Any = None

    def run(self, tensor: Floats, stop: Stop) -> Floats:
        """What the graph makes of `tensor`; the stop ends it between two of its nodes.

        Raises:
            WeightsFault: `load` raised it, or what it loaded is no graph for this contract.
            EngineFault: the graph broke, or what it made is not what it promised.
        """
        with self._lock:
            stop.check()
            if self._session is None:
                self._session = open_session(self._load(), self._contract, self._threads)
            return self._checked(_run(self._session, tensor, stop))

    def _checked(self, made: Floats) -> Floats:
        if made.shape != self._contract.gives or not np.isfinite(made).all():
            raise EngineFault(f"the graph made {made.shape}, or numbers that are none")
        return made


def open_session(graph: bytes, contract: Contract, threads: int) -> Any:
    """A session on the processor.

    Raises:
        WeightsFault: ONNX Runtime cannot read or run the graph, or it breaks the contract.
    """
    import onnxruntime  # 300 ms, and not everybody has weights

    try:
        session = onnxruntime.InferenceSession(graph, _options(threads), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise WeightsFault(f"ONNX Runtime does not take the graph: {error}") from error
    _check_port("input", session.get_inputs(), contract.takes)
    _check_port("output", session.get_outputs(), contract.gives)
    return session


def _options(threads: int) -> Any:
    """Memory goes back after every run (without arena and pattern), and idle threads sleep instead of spinning."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3  # errors; a machine without a graphics card is none
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _run(session: Any, tensor: Floats, stop: Stop) -> Floats:
    import onnxruntime

    options = onnxruntime.RunOptions()
    stop.then(lambda: setattr(options, "terminate", True))
    try:
        made: Floats = session.run(None, {session.get_inputs()[0].name: tensor}, options)[0]
    except (Exception, MemoryError) as error:
        raise EngineFault(f"the graph broke: {error}") from error
    return made


def _check_port(side: str, ports: Sequence[Any], wanted: tuple[int, ...]) -> None:
    """A dimension that the graph leaves open (a name, or None) fits anything."""
    if len(ports) != 1:
        raise WeightsFault(f"the graph has {len(ports)} {side}s where one is needed")
    port = ports[0]
    fits = len(port.shape) == len(wanted) and all(
        not isinstance(has, int) or has == needs for has, needs in zip(port.shape, wanted, strict=True)
    )
    if port.type != "tensor(float)" or not fits:
        raise WeightsFault(f"the graph's {side} is {port.type} {port.shape} where float {list(wanted)} is needed")
