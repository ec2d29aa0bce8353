"""What the gate catches and whom it accuses wrongly, by kind of fault: `python -m bench.gate EVAL_DIR [--fit]`.

Good cutouts are the reference mattes, as they are and grown and shrunk by a pixel at 320 px; faults are made from them.
What shows other pixels than the photo's is made at full size: the middle of the label turned over, the colours changed.
`--rescue` sends the same two changes through the cutting, as pictures of FLUX Kontext: there they do no harm, since the
photo's own pixels are cut, unless somebody shows the picture's pixels in their place.
`--fit` fits the weights of `policy.doubt` for mattes beside the embedded engine's, by eight folds of photos, and prints
the figures of photos that were left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from bench import kontext
from domain import Cutout, Evidence, Measures, OutputKind, ProviderOutput
from imaging import cut_out, evidence, object_mask, prepare
from imaging.evidence import Scene
from imaging.geometry import bounded_geometry, undo
from imaging.measures import foreign, measure
from imaging.raster import flatten, raster_of, resize, shrink, view
from policy import judge, judge_contour
from policy.doubt import WIDEST_BAND, doubt, terms

SIDE, FOLDS, FALSE_ALARMS = 320, 8, 0.05


@dataclass(frozen=True)
class Case:
    photo: str
    fault: str | None
    measures: Measures
    evidence: Evidence


def moved(matte: np.ndarray, share: float) -> np.ndarray:
    step = share * max(matte.shape)
    return cv2.warpAffine(matte, np.float32([[1, 0, step], [0, 1, -step / 2]]), matte.shape[::-1])


def disc(matte: np.ndarray, share: float) -> np.ndarray:
    side = round(2 * share * max(matte.shape)) | 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def blob(matte: np.ndarray) -> np.ndarray:
    """The matte and a disc of background as wide as a tenth of the picture on each side, joined to it."""
    depth = cv2.distanceTransform((matte < 128).astype(np.uint8), cv2.DIST_L2, 3)
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    rows, columns = np.nonzero(matte > 127)
    added, radius = matte.copy(), round(0.1 * max(matte.shape))
    middle = int(np.median(columns)), int(np.median(rows))
    cv2.line(added, (int(column), int(row)), middle, 255, max(radius // 2, 2))
    cv2.circle(added, (int(column), int(row)), radius, 255, -1)
    return added


def strip(matte: np.ndarray) -> np.ndarray:
    """The lowest tenth of the picture, from side to side."""
    added = matte.copy()
    added[-matte.shape[0] // 10 :] = 255
    return added


def boxed(matte: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(matte > 127)
    box = matte.copy()
    box[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = 255
    return box


def without(matte: np.ndarray, *, left: bool = False, below: bool = False) -> np.ndarray:
    """Cut off at the median column, at the median row, or both (a quarter)."""
    rows, columns = np.nonzero(matte > 127)
    kept = matte.copy()
    kept[int(np.median(rows)) if below else 0 :, : int(np.median(columns)) if left else matte.shape[1]] = 0
    return kept


def speckled(matte: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    small = chance.random((matte.shape[0] // 8 + 1, matte.shape[1] // 8 + 1)).astype(np.float32)
    noise = cv2.resize(small, matte.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.where(noise > 0.5, matte, 0).astype(np.uint8)


def faulty(matte: np.ndarray, other: np.ndarray, chance: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    yield "all transparent", np.zeros_like(matte)
    yield "all opaque", np.full_like(matte, 255)
    yield "inverted", 255 - matte
    yield "shifted 6 %", moved(matte, 0.06)
    yield "shifted 12 %", moved(matte, -0.12)
    for share in (0.01, 0.02, 0.06):
        yield f"blurred {share:.0%}", cv2.GaussianBlur(matte, (0, 0), share * max(matte.shape))
    yield "half missing (side)", without(matte, left=True)
    yield "half missing (bottom)", without(matte, below=True)
    yield "a quarter missing", without(matte, left=True, below=True)
    yield "bounding box", boxed(matte)
    yield "background left", blob(matte)
    yield "strip of background left", strip(matte)
    yield "halo 3 %", cv2.dilate(matte, disc(matte, 0.03))
    yield "eaten 2 %", cv2.erode(matte, disc(matte, 0.02))
    yield "fragments", speckled(matte, chance)
    yield "mask of another photo", cv2.resize(other, matte.shape[::-1])


def good(matte: np.ndarray) -> Iterator[np.ndarray]:
    yield from (matte, cv2.dilate(matte, np.ones((3, 3), np.uint8)), cv2.erode(matte, np.ones((3, 3), np.uint8)))


def photos(folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for place in sorted((folder / "dev").iterdir()):
        matte = shrink(cv2.imread(str(place / "alpha.png"), cv2.IMREAD_GRAYSCALE), SIDE)
        picture = cv2.imread(str(next(place.glob("input.*"))), cv2.IMREAD_COLOR)
        yield place.name, cv2.cvtColor(cv2.resize(picture, matte.shape[::-1], interpolation=cv2.INTER_AREA), 4), matte


def cases(folder: Path) -> Iterator[Case]:
    chance = np.random.default_rng(0)
    everything = list(photos(folder))
    for number, (name, rgb, matte) in enumerate(everything):
        scene, own = Scene.of(rgb), view(object_mask(raster_of(rgb)))
        other = everything[(number * 7 + 3) % len(everything)][2]
        told = [(None, alpha) for alpha in good(matte)] + list(faulty(matte, other, chance))
        for fault, alpha in told:
            yield Case(name, fault, measured(alpha), scene.evidence(alpha, own))
        seen = scene.evidence(matte, own)
        for fault, other_pixels in repainted(folder / "dev" / name):
            yield Case(name, fault, replace(measured(matte), foreign=other_pixels), seen)


def repainted(place: Path) -> Iterator[tuple[str | None, float]]:
    """The true cutout at full size with its own pixels, and with others; with the share of them that is seen."""
    case = kontext.load(place)
    whole_photo = bounded_geometry(case.photo.pixels.size, max(case.photo.pixels.size))
    cut = cut_out(case.photo, ProviderOutput(raster_of(case.truth), OutputKind.MASK), whole_photo)
    whole = view(cut.cutout.pixels)
    for fault, painted in REPAINTED.items():
        yield fault, foreign(case.photo, with_colours(whole, painted(whole)))


def with_colours(rgba: np.ndarray, colours: np.ndarray) -> Cutout:
    return Cutout(raster_of(np.dstack([colours, rgba[..., 3]])))


def label_turned(rgba: np.ndarray) -> np.ndarray:
    """Upside down, a square of half the room around the product's deepest place."""
    colours = np.ascontiguousarray(rgba[..., :3])
    depth = cv2.distanceTransform((rgba[..., 3] > 127).astype(np.uint8), cv2.DIST_L2, 3)
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    half = max(int(depth.max() / 2), 2)
    part = slice(max(row - half, 0), row + half), slice(max(column - half, 0), column + half)
    colours[part] = colours[part][::-1, ::-1].copy()
    return colours


REPAINTED: dict[str | None, Callable[[np.ndarray], np.ndarray]] = {
    None: lambda rgba: rgba[..., :3],
    "label redrawn": label_turned,
    "recoloured": lambda rgba: kontext.recoloured(rgba[..., :3]),
    "hue turned 24 degrees": lambda rgba: kontext.hue_turned(np.ascontiguousarray(rgba[..., :3])),
}


def rescued(place: Path) -> Iterator[tuple[str, bool]]:
    """Whether the gate refuses what becomes of a changed picture, and of what would be shown with its pixels."""
    case = kontext.load(place)
    matte = resize(view(object_mask(case.photo.pixels)), case.photo.pixels.size)
    own = with_colours(np.dstack([flatten(case.photo.pixels), matte]), flatten(case.photo.pixels))
    geometry = prepare(case.photo, kontext.SPEC).geometry
    for fault in ("label redrawn", "recoloured", "hue turned 24 degrees"):
        picture = kontext.GOOD[fault](case.white)
        cut = cut_out(case.photo, ProviderOutput(raster_of(picture), OutputKind.ON_WHITE), geometry)
        doubted = judge_contour(evidence(case.photo, cut.cutout, own))
        yield f"{fault}, rescued (false alarms)", bool(judge(cut.measures, cut.likeness) or doubted)
        shown = with_colours(view(cut.cutout.pixels), undo(picture, geometry, case.photo.pixels.size))
        naive = replace(cut.measures, foreign=foreign(case.photo, shown))
        yield f"{fault}, its pixels shown", bool(judge(naive, cut.likeness) or doubted)


def measured(alpha: np.ndarray) -> Measures:
    return measure(with_colours(np.dstack([alpha] * 4), np.dstack([alpha] * 3)))


def refused_at_once(case: Case) -> bool:
    return judge(case.measures) is not None or case.evidence.contour.band > WIDEST_BAND


def matrix(chosen: list[Case]) -> np.ndarray:
    return np.array([list(terms(case.evidence).values()) for case in chosen])


def fitted(rows: np.ndarray, wrong: np.ndarray, weight: np.ndarray, ridge: float = 4.0) -> np.ndarray:
    """Bias and weights by iteratively reweighted least squares, over standardised columns and then put back."""
    middle, spread = rows.mean(0), rows.std(0) + 1e-9
    design = np.c_[np.ones(len(rows)), (rows - middle) / spread]
    penalty = ridge * np.diag([0.0] + [1.0] * rows.shape[1])
    found = np.zeros(design.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-design @ found))
        curve = (design * (weight * chance * (1 - chance) + 1e-9)[:, None]).T @ design + penalty
        found += np.linalg.solve(curve, design.T @ (weight * (wrong - chance)) - penalty @ found)
    return np.r_[found[0] - (found[1:] * middle / spread).sum(), found[1:] / spread]


def fit(chosen: list[Case]) -> np.ndarray:
    """Hard faults count ten times as much as those that anything catches."""
    wrong = np.array([case.fault is not None for case in chosen], float)
    hard = ("half", "quarter", "background", "box")
    weight = np.array([4.0 if case.fault and any(word in case.fault for word in hard) else 0.4 for case in chosen])
    weight[wrong == 0] = weight[wrong == 1].sum() / (wrong == 0).sum()
    return fitted(matrix(chosen), wrong, weight)


def left_out_scores(everything: list[Case]) -> np.ndarray:
    names = sorted({case.photo for case in everything})
    fold = np.array([names.index(case.photo) % FOLDS for case in everything])
    judged = np.array([not refused_at_once(case) for case in everything])
    scores = np.zeros(len(everything))
    for number in range(FOLDS):
        found = fit([case for case, n, j in zip(everything, fold, judged, strict=True) if n != number and j])
        rows = matrix([case for case, n in zip(everything, fold, strict=True) if n == number])
        scores[fold == number] = rows @ found[1:] + found[0]
    return scores


def table(everything: list[Case], scores: np.ndarray, limit: float) -> None:
    caught: dict[str, list[bool]] = {}
    for case, score in zip(everything, scores, strict=True):
        caught.setdefault(case.fault or "good (false alarms)", []).append(refused_at_once(case) or score > limit)
    shares(caught)
    print(f"{'mean over the faults':<44}{np.mean([np.mean(h) for n, h in caught.items() if '(false' not in n]):>7.1%}")


def shares(caught: dict[str, list[bool]]) -> None:
    for name, hits in caught.items():
        print(f"{name:<44}{np.mean(hits):>7.1%}  of {len(hits)}")


def rescue_table(folder: Path) -> None:
    caught: dict[str, list[bool]] = {}
    for place in sorted((folder / "dev").iterdir()):
        for name, refused in rescued(place):
            caught.setdefault(name, []).append(refused)
    shares(caught)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("eval", type=Path)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--rescue", action="store_true")
    options = parser.parse_args()
    if options.rescue:
        rescue_table(options.eval)
        return
    everything = list(cases(options.eval))
    if not options.fit:
        table(everything, np.array([doubt(case.evidence) for case in everything]), 0.0)
        return
    scores = left_out_scores(everything)
    fine = np.array([case.fault is None for case in everything])
    limit = float(np.quantile(scores[fine], 1 - FALSE_ALARMS))
    print(f"photos left out of the fit, at {FALSE_ALARMS:.0%} false alarms (score above {limit:.2f})")
    table(everything, scores, limit)
    found = fit([case for case in everything if not refused_at_once(case)])
    print(dict(zip(["BIAS", *terms(everything[0].evidence)], found.round(2).tolist(), strict=True)))


if __name__ == "__main__":
    main()
