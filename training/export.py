"""Weights to an ONNX file of half the size, compared with torch: `python -m training.export WEIGHTS.pt OUT.onnx`.

Input `photo` (1, 3, side, side): RGB, (value - 127.5) / 64. Output `matte` (1, 1, side, side): logits.
"""

from __future__ import annotations

import argparse
import copy
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.canvas import SIDE
from training.network import Network, normalised

WORTH_HALVING = 256
"""Numbers in a tensor from which on it is stored with 16 bits: biases stay exact."""
TOLERANCE = 1e-3
"""Logits by which the runtime may differ from torch with the same rounded weights."""


def loaded(weights: Sequence[Path]) -> Network:
    """The mean of the weights of runs that went on from one another: steadier than the last alone (Wortsman et al.,
    "Model soups", ICML 2022)."""
    network, runs = Network().eval(), [torch.load(path) for path in weights]
    mean = {
        name: torch.stack([run[name] for run in runs]).mean(0) if last.is_floating_point() else last
        for name, last in runs[-1].items()
    }
    network.load_state_dict(mean)
    return network


def fold(module: nn.Module) -> None:
    """Puts every batch norm into the convolution before it."""
    for child in module.children():
        fold(child)
    if not isinstance(module, nn.Sequential):
        return
    for at in range(len(module) - 1):
        first, second = module[at], module[at + 1]
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            module[at], module[at + 1] = fuse_conv_bn_eval(first, second), nn.Identity()


def rounded(network: Network) -> Network:
    """A copy whose large tensors hold what the file will hold."""
    twin = copy.deepcopy(network)
    for weight in twin.parameters():
        if weight.numel() > WORTH_HALVING:
            weight.data = weight.data.half().float()
    return twin


def graph(network: Network, side: int) -> onnx.ModelProto:
    data = io.BytesIO()
    names = {"input_names": ["photo"], "output_names": ["matte"]}
    torch.onnx.export(network, (torch.zeros(1, 3, side, side),), data, opset_version=17, dynamo=False, **names)
    return onnx.load_model_from_string(data.getvalue())


def halve(model: onnx.ModelProto) -> None:
    """Stores large tensors as float16, each with a Cast before the graph, which runs in float32 as before."""
    casts = []
    for tensor in list(model.graph.initializer):
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= WORTH_HALVING:
            continue
        half = f"{tensor.name}.half"
        model.graph.initializer.remove(tensor)
        model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [tensor.name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)


@torch.no_grad()
def compare(model: onnx.ModelProto, network: Network, side: int) -> tuple[float, float]:
    """Largest difference in logits to torch with the rounded weights, and in alpha to the weights before rounding."""
    photo = _noise(side)
    run = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run
    matte = torch.from_numpy(run(["matte"], {"photo": photo.numpy()})[0])
    logits = (matte - rounded(network)(photo)).abs().max()
    alpha = (matte.sigmoid() - network(photo).sigmoid()).abs().max()
    return float(logits), float(alpha)


def _noise(side: int) -> Tensor:
    """Blotches of colour: (1, 3, side, side), normalised."""
    blotches = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 255
    return normalised(nn.functional.interpolate(blotches, size=side, mode="bicubic").clamp(0, 255))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, nargs="+", help="of one run, or of several that are averaged")
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, default=SIDE, help="a multiple of 32")
    args = parser.parse_args()
    network = loaded(args.weights)
    fold(network)
    model = graph(network, args.side)
    halve(model)
    logits, alpha = compare(model, network, args.side)
    if logits > TOLERANCE:
        raise SystemExit(f"the file and torch differ by {logits:.2g} in logits: nothing was written")
    onnx.save(model, args.out)
    print(f"{args.out.stat().st_size:,} bytes; beside torch {logits:.1e} in logits; rounding moves alpha {alpha:.1e}")


if __name__ == "__main__":
    main()
