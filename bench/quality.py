"""How good the embedded engine is, by kind of photo, beside three baselines: `python -m bench.quality EVAL_DIR`.

EVAL_DIR has index.csv (name, kind, half, ...), dev/NAME/input.* with alpha.png, the reference matte, and, where rembg's
published outputs are at hand, rembg/NAME.png. Every photo is cut at its own size and at 1 megapixel; at 12 megapixels,
enlarged, `--large` photos of each kind are. GrabCut works at 0.15 megapixels: of 1.2 it takes half a minute for some.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.methods import corner_threshold, engine, grabcut_rectangle, published
from bench.scores import Cost, Score, boundary_f, forget_peak, iou, line, mae, peak_mib, table, timed
from domain import OutputKind, Photo, ProviderOutput, Raster
from imaging import decode, encode_png, encode_preview, make_cutout, matte_of, object_mask
from imaging.geometry import bounded_geometry
from imaging.raster import raster_of, resize, view

LARGE = (4000, 3000)
ENGINE, REMBG = "embedded engine", "rembg, as published"
BASELINES: dict[str, Callable[[Photo], np.ndarray]] = {
    "corner threshold": corner_threshold,
    "GrabCut rectangle": grabcut_rectangle,
}


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    photo: Photo
    truth: np.ndarray

    def score(self, alpha: np.ndarray, own: Cost, small: Cost | None = None, large: Cost | None = None) -> Score:
        likeness = iou(alpha, self.truth), mae(alpha, self.truth), boundary_f(alpha, self.truth)
        return Score(self.kind, *likeness, own, small, large)


def load(folder: Path, name: str, kind: str) -> Case:
    place = folder / "dev" / name
    photo = decode(next(place.glob("input.*")).read_bytes())
    return Case(name, kind, photo, cv2.imread(str(place / "alpha.png"), cv2.IMREAD_GRAYSCALE))


def of_megapixels(photo: Photo, megapixels: float) -> Photo:
    width, height = photo.pixels.size
    scale = (megapixels * 1e6 / (width * height)) ** 0.5
    return Photo(raster_of(resize(view(photo.pixels), (round(width * scale), round(height * scale)))), photo.sha256)


def engine_score(case: Case, *, large: bool) -> Score:
    alpha, own = timed(lambda: engine(case.photo))
    small = of_megapixels(case.photo, 1)
    return case.score(alpha, own, timed(lambda: engine(small))[1], _large(case) if large else None)


def _large(case: Case) -> Cost:
    """The photo itself lies in memory before: what is counted is what cutting it out takes."""
    photo = of_megapixels(case.photo, 12)
    return timed(lambda: engine(photo))[1]


def large_job(data: bytes) -> None:
    """One 12-megapixel photo from the file to the files, with time and memory for each step."""
    upload = cv2.imencode(".jpg", cv2.resize(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), LARGE))[1]
    base, marks = forget_peak(), [("", time.perf_counter())]

    def mark(name: str) -> None:
        marks.append((f"{name} (peak +{peak_mib() - base:.0f} MiB)", time.perf_counter()))

    photo = decode(upload.tobytes())
    mark("decode")
    mask = object_mask(photo.pixels)
    mark("object_mask")
    geometry = bounded_geometry(photo.pixels.size, max(photo.pixels.size))
    cutout = make_cutout(photo, ProviderOutput(mask, OutputKind.MASK), geometry)
    mark("make_cutout")
    files = write(photo.pixels, cutout.pixels)
    mark("encode: " + ", ".join(f"{len(one) / 1e6:.1f} MB" for one in [*files, encode_png(matte_of(cutout))]))
    print(f"12 megapixels, from file to files: {marks[-1][1] - marks[0][1]:.2f} s in all")
    for (_, before), (name, after) in itertools.pairwise(marks):
        print(f"  {after - before:6.2f} s  {name}")


def write(pixels: Raster, cutout: Raster) -> list[bytes]:
    return [encode_png(cutout), encode_preview(pixels), encode_preview(cutout)]


def scored(case: Case, folder: Path, *, large: bool) -> dict[str, Score]:
    """By method; rembg's output only where there is one."""
    found = {ENGINE: engine_score(case, large=large)}
    for name, method in BASELINES.items():
        found[name] = case.score(*timed(lambda method=method: method(case.photo)))
    theirs = published(folder / "rembg", case.name, case.photo.pixels.size)
    if theirs is not None:
        found[REMBG] = case.score(theirs, Cost(0, 0, 0))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--each", action="store_true", help="print the engine's figures for every photo")
    parser.add_argument("--large", type=int, default=3, help="photos of each kind to cut at 12 megapixels")
    options = parser.parse_args()
    with (options.eval_dir / "index.csv").open(encoding="utf-8") as index:
        rows = [row for row in csv.DictReader(index) if row["half"] == "dev"]
    large_job(next((options.eval_dir / "dev" / rows[0]["name"]).glob("input.*")).read_bytes())
    scores: dict[str, list[Score]] = defaultdict(list)
    seen: Counter[str] = Counter()
    for row in rows:
        seen[row["kind"]] += 1
        case = load(options.eval_dir, row["name"], row["kind"])
        for name, score in scored(case, options.eval_dir, large=seen[row["kind"]] <= options.large).items():
            scores[name].append(score)
        if options.each:
            print(line(row["name"], scores[ENGINE][-1:]), flush=True)
    for name, some in scores.items():
        table(name, some)
    if REMBG not in scores:
        print(f"\n{REMBG}: none of its outputs lies in {options.eval_dir / 'rembg'}")


if __name__ == "__main__":
    main()
