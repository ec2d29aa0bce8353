"""How near a matte comes to its reference, and what it cost: the figures of `bench.quality`."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import cv2
import numpy as np

BOUNDARY_PX = 3
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of all cores, and MiB at the peak above what was there before."""

    seconds: float
    cpu: float
    peak_mib: float


@dataclass(frozen=True)
class Score:
    kind: str
    iou: float
    mae: float
    boundary_f: float
    own: Cost
    small: Cost | None = None
    large: Cost | None = None


def iou(alpha: np.ndarray, truth: np.ndarray) -> float:
    one, other = alpha > 127, truth > 127
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 1.0


def mae(alpha: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(alpha.astype(np.float32) - truth).mean() / 255)


def boundary_f(alpha: np.ndarray, truth: np.ndarray) -> float:
    """F of the contours' pixels that have one of the other contour within 3 px."""
    one, other = contour(alpha), contour(truth)
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BOUNDARY_PX + 1,) * 2)
    precision = (one & (cv2.dilate(other, near) > 0)).sum() / max(one.sum(), 1)
    recall = (other & (cv2.dilate(one, near) > 0)).sum() / max(other.sum(), 1)
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def contour(alpha: np.ndarray) -> np.ndarray:
    inside = (alpha > 127).astype(np.uint8)
    return inside - cv2.erode(inside, np.ones((3, 3), np.uint8), borderValue=0)


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, Cost]:
    """What the work answers, and what it cost."""
    gc.collect()
    base = forget_peak()
    begun, cpu = time.perf_counter(), time.process_time()
    answer = work()
    seconds, used = time.perf_counter() - begun, time.process_time() - cpu
    return answer, Cost(seconds, used, peak_mib() - base)


def forget_peak() -> float:
    """Linux can forget the highest memory use so far; answers with the present one, in MiB."""
    if not RESET.exists():
        return peak_mib()
    RESET.write_text("5")
    return _kib("VmRSS") / 1024


def peak_mib() -> float:
    return (_kib("VmHWM") if STATUS.exists() else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


def _kib(name: str) -> int:
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(name + ":"))


def table(title: str, scores: Sequence[Score]) -> None:
    """Means of what is compared, medians of seconds, the highest peak; `-` where nothing was measured."""
    print(f"\n{title:28}  n     IoU    MAE      F  |  s own  1 MP 12 MP | CPU own  1 MP 12 MP | MiB at 12 MP")
    for kind in sorted({one.kind for one in scores}):
        print(line(kind, [one for one in scores if one.kind == kind]))
    print(line("all", scores))


def line(name: str, scores: Sequence[Score]) -> str:
    likeness = (mean(getattr(one, field) for one in scores) for field in ("iou", "mae", "boundary_f"))
    sizes = [[cost for one in scores if (cost := getattr(one, size))] for size in ("own", "small", "large")]
    seconds = " ".join(_median([cost.seconds for cost in costs]) for costs in sizes)
    cpu = " ".join(_median([cost.cpu for cost in costs]) for costs in sizes)
    peak = f"{max(cost.peak_mib for cost in sizes[2]):13.0f}" if sizes[2] else f"{'-':>13}"
    shown = "{:8.4f}{:7.4f}{:7.3f}".format(*likeness)
    return f"{name:28}{len(scores):3}{shown}  | {seconds} | {cpu}  |{peak}"


def _median(values: Sequence[float]) -> str:
    return f"{median(values):6.2f}" if values else f"{'-':>6}"
