"""Trains the network for so many steps: `python -m training.train ASSETS OUT.pt --steps 3800`."""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.composites import composite
from training.library import read, shelved
from training.network import Network, normalised

BATCH = 16
FRESH, FINE = 2e-3, 8e-4
"""Highest learning rates: from nothing, and from weights that are there."""
WARM_STEPS = 100
DEEP_SHARE = 0.3
"""What the coarse matte weighs beside the fine one."""
HELD_FROM, HELD_BATCHES, HELD_BATCH = 10**7, 8, 32
SAYS_EVERY, SAVES_EVERY = 200, 1500


@dataclass(frozen=True, slots=True)
class Plan:
    assets: Path
    out: Path
    steps: int
    start: Path | None = None
    """Weights to go on from."""
    seed: int = 0
    """Of the first composite: a run that goes on takes seeds the one before did not."""


class Composites(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless photos, uint8 (3, side, side), and mattes, float (1, side, side)."""

    def __init__(self, assets: Path, seed: int, *, held_out: bool = False) -> None:
        self.assets, self.seed, self.held_out = assets, seed, held_out

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        cv2.setNumThreads(1)  # the other core trains
        library, worker = shelved(read(self.assets), held_out=self.held_out), get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for seed in count(self.seed + first, step):
            photo, matte = composite(library, seed)
            yield torch.from_numpy(photo.transpose(2, 0, 1).copy()), torch.from_numpy(np.float32(matte))[None]


def loss(logits: Tensor, matte: Tensor) -> Tensor:
    """Cross-entropy that counts the edge fourfold, and the part of the union that is not shared; both (n, 1, h, w)."""
    edge = functional.max_pool2d(matte, 7, 1, 3) + functional.max_pool2d(-matte, 7, 1, 3)
    weight = 1 + 3 * edge
    entropy = functional.binary_cross_entropy_with_logits(logits, matte, reduction="none") * weight
    guess = torch.sigmoid(logits)
    shared, union = (guess * matte).sum((1, 2, 3)), (guess + matte - guess * matte).sum((1, 2, 3))
    return (entropy.sum((1, 2, 3)) / weight.sum((1, 2, 3)) + 1 - (shared + 20) / (union + 20)).mean()


def rate(peak: float, step: int, steps: int) -> float:
    """Up within the first steps, then down a cosine."""
    return peak * min(1, (step + 1) / WARM_STEPS) * (0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)) + 0.01)


def learn(network: Network, optimiser: torch.optim.Optimizer, photos: Tensor, mattes: Tensor) -> float:
    """One step; its loss."""
    with torch.autocast("cpu", torch.bfloat16):
        fine, coarse = network(normalised(photos).to(memory_format=torch.channels_last))
    total = loss(fine.float(), mattes) + DEEP_SHARE * loss(coarse.float(), functional.avg_pool2d(mattes, 16))
    optimiser.zero_grad(set_to_none=True)
    total.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    optimiser.step()
    return total.item()


@torch.no_grad()
def follow(average: Network, network: Network, step: int) -> None:
    """Moves the running average of the weights, which is what is kept."""
    kept = min(0.998, step / (step + 19))
    for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(value, 1 - kept)
        else:
            mean.copy_(value)


@torch.no_grad()
def overlaps(network: Network, batches: list[tuple[Tensor, Tensor]]) -> list[float]:
    """IoU of each composite at one half."""
    found: list[float] = []
    for photos, mattes in batches:
        guess = network(normalised(photos).to(memory_format=torch.channels_last)) > 0
        truth = mattes > 0.5
        shared, union = (guess & truth).sum((1, 2, 3)), (guess | truth).sum((1, 2, 3))
        found += (shared / (union + 1e-6)).tolist()
    return found


def keep(average: Network, held: list[tuple[Tensor, Tensor]], out: Path) -> None:
    found = overlaps(average, held)
    print(f"   held out: IoU {np.mean(found):.4f}, median {np.median(found):.4f}", flush=True)
    torch.save(average.state_dict(), out)


def ready(plan: Plan) -> Network:
    network = Network().to(memory_format=torch.channels_last)
    if plan.start:
        network.load_state_dict(torch.load(plan.start))
    return network


def train(plan: Plan) -> None:
    torch.manual_seed(0)
    network, peak = ready(plan), FINE if plan.start else FRESH
    average = copy.deepcopy(network).eval()
    held = list(islice(DataLoader(Composites(plan.assets, HELD_FROM, held_out=True), HELD_BATCH), HELD_BATCHES))
    batches = DataLoader(Composites(plan.assets, plan.seed), BATCH, num_workers=1, prefetch_factor=6)
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=0.02)
    began, mean = time.monotonic(), 0.0
    for step, (photos, mattes) in enumerate(islice(batches, plan.steps)):
        for group in optimiser.param_groups:
            group["lr"] = rate(peak, step, plan.steps)
        now = learn(network, optimiser, photos, mattes)
        follow(average, network, step + 1)
        mean = 0.98 * mean + 0.02 * now if step else now
        if (step + 1) % SAYS_EVERY == 0:
            print(f"{(time.monotonic() - began) / 60:.1f} min, step {step + 1}, loss {mean:.4f}", flush=True)
        if (step + 1) % SAVES_EVERY == 0:
            keep(average, held, plan.out)
    keep(average, held, plan.out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assets", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--seed", type=int, default=0, help="of the first composite")
    args = parser.parse_args()
    train(Plan(args.assets, args.out, args.steps, args.start, args.seed))


if __name__ == "__main__":
    main()
