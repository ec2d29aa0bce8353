"""Tiny graphs with the inputs and outputs of BiRefNet-lite that really compute something from the picture."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from onnx import TensorProto, helper, load_from_string, numpy_helper

Shape = Sequence[int | str]
SQUARE: Shape = (1, 3, 1024, 1024)
MATTE: Shape = (1, 1, 1024, 1024)
OPEN: Shape = ("batch", 3, "h", "w")
SHARPNESS = 60.0


@cache
def red_object(takes: Shape = SQUARE, gives: Shape = MATTE, inputs: int = 1) -> bytes:
    """Logits that are high where red stands out from green and blue: (red - the mean of all) * sharpness."""
    weights = np.array([2 / 3, -1 / 3, -1 / 3], np.float32).reshape(1, 3, 1, 1) * SHARPNESS
    ports = [_port("input_image", takes), *(_port(f"more_{number}", (1,)) for number in range(1, inputs))]
    node = helper.make_node("Conv", ["input_image", "weights"], ["output_image"], kernel_shape=[1, 1])
    return _graph([node], ports, [_port("output_image", gives)], [numpy_helper.from_array(weights, "weights")])


@cache
def heavy(size: int = 2_500_000) -> bytes:
    """`red_object` with a long word about itself: a file of a few megabytes, as weights are."""
    model = load_from_string(red_object())
    model.doc_string = "-" * size
    return bytes(model.SerializeToString())


@cache
def no_numbers() -> bytes:
    """A graph that keeps every promise but one: what it makes is not a number."""
    node = helper.make_node("Conv", ["input_image", "weights"], ["output_image"], kernel_shape=[1, 1])
    weights = np.full((1, 3, 1, 1), np.nan, np.float32)
    ports = [_port("input_image", SQUARE)], [_port("output_image", MATTE)]
    return _graph([node], *ports, [numpy_helper.from_array(weights, "weights")])


@cache
def endless() -> bytes:
    """A graph that counts for hours, one small node after the other."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Abs", ["x"], ["y"])],
        "body",
        [_port("step", (), TensorProto.INT64), _port("go", (), TensorProto.BOOL), _port("x", (1, 3, 1024, 1024))],
        [_port("on", (), TensorProto.BOOL), _port("y", (1, 3, 1024, 1024))],
    )
    often = numpy_helper.from_array(np.array(10**9, np.int64), "often")
    true = numpy_helper.from_array(np.array(True), "true")
    weights = numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "weights")
    nodes = [
        helper.make_node("Loop", ["often", "true", "input_image"], ["last"], body=body),
        helper.make_node("Conv", ["last", "weights"], ["output_image"], kernel_shape=[1, 1]),
    ]
    return _graph(nodes, [_port("input_image", SQUARE)], [_port("output_image", MATTE)], [often, true, weights])


def _port(name: str, shape: Shape, kind: int = TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, list(shape))


def _graph(nodes, inputs, outputs, constants) -> bytes:
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    return bytes(model.SerializeToString())
