"""How good the embedded engine is, by kind of photo, beside two baselines: `python bench/quality.py EVAL_DIR`.

EVAL_DIR has index.csv (name, kind, half, ...) and dev/NAME/input.* with alpha.png, the reference matte.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain import Cutout, OutputKind, Photo, ProviderOutput, Raster
from imaging import decode, encode_png, encode_preview, make_cutout, matte_of, object_mask
from imaging.geometry import bounded_geometry
from imaging.raster import flatten, view

BOUNDARY_PX = 3
LARGE = (4000, 3000)


@dataclass(frozen=True)
class Score:
    kind: str
    iou: float
    mae: float
    boundary_f: float
    seconds: float


def engine(photo: Photo) -> np.ndarray:
    mask = object_mask(photo.pixels)
    output = ProviderOutput(mask, OutputKind.MASK)
    cutout = make_cutout(photo, output, bounded_geometry(photo.pixels.size, max(photo.pixels.size)))
    return view(matte_of(cutout))


def corner_threshold(photo: Photo) -> np.ndarray:
    """Flood fill from the corners, as the shortest scripts do."""
    rgb = flatten(photo.pixels).copy()  # what is flooded is written to
    height, width = rgb.shape[:2]
    flooded = np.zeros((height + 2, width + 2), np.uint8)
    for corner in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
        if not flooded[corner[1] + 1, corner[0] + 1]:
            flags = 8 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (255 << 8)
            cv2.floodFill(rgb, flooded, corner, 0, (24,) * 3, (24,) * 3, flags)
    return 255 - flooded[1:-1, 1:-1]


def grabcut_rectangle(photo: Photo) -> np.ndarray:
    rgb = flatten(photo.pixels)
    height, width = rgb.shape[:2]
    labels = np.zeros((height, width), np.uint8)
    inset = int(width * 0.05), int(height * 0.05), int(width * 0.9), int(height * 0.9)
    cv2.setRNGSeed(1)
    cv2.grabCut(rgb, labels, inset, None, None, 5, cv2.GC_INIT_WITH_RECT)
    return ((labels & 1) * 255).astype(np.uint8)


def iou(alpha: np.ndarray, truth: np.ndarray) -> float:
    one, other = alpha > 127, truth > 127
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 1.0


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


def score(kind: str, method: Callable[[Photo], np.ndarray], photo: Photo, truth: np.ndarray) -> Score:
    start = time.perf_counter()
    alpha = method(photo)
    seconds = time.perf_counter() - start
    error = float(np.abs(alpha.astype(np.float32) - truth).mean() / 255)
    return Score(kind, iou(alpha, truth), error, boundary_f(alpha, truth), seconds)


def line(name: str, scores: list[Score]) -> str:
    figures = [mean(getattr(one, field) for one in scores) for field in ("iou", "mae", "boundary_f")]
    seconds = median(one.seconds for one in scores)
    return f"{name:28}{len(scores):4} {figures[0]:8.4f}{figures[1]:8.4f}{figures[2]:8.3f}{seconds:8.2f}"


def table(title: str, scores: list[Score]) -> None:
    print(f"\n{title:28}   n      IoU     MAE       F       s")
    for kind in sorted({one.kind for one in scores}):
        print(line(kind, [one for one in scores if one.kind == kind]))
    print(line("all", scores))


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def large_job(data: bytes) -> None:
    """One 12-megapixel photo from the file to the files, with time and memory for each step."""
    base = peak_mib()  # before anything large was made: what follows can only look larger than it is
    big = cv2.resize(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), LARGE)
    upload = cv2.imencode(".jpg", big)[1].tobytes()
    del big
    marks = [("", time.perf_counter())]

    def mark(name: str) -> None:
        marks.append((f"{name} (peak +{peak_mib() - base:.0f} MiB)", time.perf_counter()))

    photo = decode(upload)
    mark("decode")
    mask = object_mask(photo.pixels)
    mark("object_mask")
    geometry = bounded_geometry(photo.pixels.size, max(photo.pixels.size))
    cutout = make_cutout(photo, ProviderOutput(mask, OutputKind.MASK), geometry)
    mark("make_cutout")
    files = write(photo.pixels, cutout)
    mark("encode: " + ", ".join(f"{len(one) / 1e6:.1f} MB" for one in files))
    print(f"\n12 megapixels: {marks[-1][1] - marks[0][1]:.2f} s in all")
    for (_, before), (name, after) in itertools.pairwise(marks):
        print(f"  {after - before:6.2f} s  {name}")


def write(pixels: Raster, cutout: Cutout) -> list[bytes]:
    previews = [encode_preview(pixels), encode_preview(cutout.pixels)]
    return [encode_png(cutout.pixels), encode_png(matte_of(cutout)), *previews]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--baselines", action="store_true", help="measure the two baselines as well (slow)")
    parser.add_argument("--each", action="store_true", help="print every photo")
    arguments = parser.parse_args()
    methods: dict[str, Callable[[Photo], np.ndarray]] = {"embedded engine": engine}
    if arguments.baselines:
        methods |= {"corner threshold": corner_threshold, "GrabCut rectangle": grabcut_rectangle}
    scores: dict[str, list[Score]] = {name: [] for name in methods}
    with (arguments.eval_dir / "index.csv").open(encoding="utf-8") as index:
        rows = [row for row in csv.DictReader(index) if row["half"] == "dev"]
    large_job(next((arguments.eval_dir / "dev" / rows[0]["name"]).glob("input.*")).read_bytes())
    for row in rows:
        folder = arguments.eval_dir / "dev" / row["name"]
        photo = decode(next(folder.glob("input.*")).read_bytes())
        truth = cv2.imread(str(folder / "alpha.png"), cv2.IMREAD_GRAYSCALE)
        for name, method in methods.items():
            scores[name].append(score(row["kind"], method, photo, truth))
        if arguments.each:
            print(line(row["name"], [scores["embedded engine"][-1]]), flush=True)
    for name, some in scores.items():
        table(name, some)
    print(f"\npeak memory of the whole run: {peak_mib():.0f} MiB")


if __name__ == "__main__":
    main()
