"""What becomes of generated pictures that moved or changed: `python bench/kontext.py EVAL_DIR [--every N]`.

EVAL_DIR has index.csv (name, half, ...) and dev/NAME/input.* with alpha.png, the reference matte. What FLUX Kontext
would send back is made from photo and matte: the product on white in Kontext's frame, then one fault. No real answer of
Kontext is among them: its own noise, and products redrawn as a whole, are not measured here.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain import ModelSpec, OutputKind, Photo, ProviderKind, ProviderOutput
from imaging import cut_out, decode, matte_of, prepare
from imaging.edges import clean
from imaging.geometry import KONTEXT_SIZES
from imaging.raster import flatten, raster_of, resize, view
from policy import judge

SPEC = ModelSpec(kind=ProviderKind.FLUX_KONTEXT, output=OutputKind.ON_WHITE)
WHITE_FRAME = 0.7
LOSS = 0.02


@dataclass(frozen=True)
class Case:
    """A photo, its true matte, and the product on white as Kontext should send it back."""

    name: str
    photo: Photo
    truth: np.ndarray
    white: np.ndarray

    @property
    def sent(self) -> np.ndarray:
        return view(prepare(self.photo, SPEC).photo.pixels)


@dataclass(frozen=True)
class Score:
    name: str
    fault: str
    iou: float
    loss: float
    refusal: str
    seconds: float


def load(folder: Path) -> Case:
    photo = decode(next(folder.glob("input.*")).read_bytes())
    truth = cv2.imread(str(folder / "alpha.png"), cv2.IMREAD_GRAYSCALE)
    cover = truth[..., None] / np.float32(255)
    product = clean(np.ascontiguousarray(flatten(photo.pixels)), truth)
    white = np.rint(product * cover + 255 * (1 - cover)).astype(np.uint8)
    return Case(folder.name, photo, truth, view(prepare(Photo(raster_of(white), ""), SPEC).photo.pixels))


def moved(picture: np.ndarray, scale: float, across: float, down: float) -> np.ndarray:
    height, width = picture.shape[:2]
    matrix = np.array([[scale, 0, width * ((1 - scale) / 2 + across)], [0, scale, height * ((1 - scale) / 2 + down)]])
    return cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255,) * 3)


def stretched(picture: np.ndarray) -> np.ndarray:
    """To a Kontext size five steps away."""
    at = KONTEXT_SIZES.index((picture.shape[1], picture.shape[0]))
    return resize(picture, KONTEXT_SIZES[(at + 5) % len(KONTEXT_SIZES)])


def recoloured(picture: np.ndarray) -> np.ndarray:
    painted = np.clip(picture * np.array((1.2, 0.95, 0.82)), 0, 255)
    return np.where(picture.min(axis=2, keepdims=True) > 250, picture, painted).astype(np.uint8)


def hue_turned(picture: np.ndarray) -> np.ndarray:
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + 12) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def off_white(picture: np.ndarray, corner: float) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : picture.shape[0] * 1j, -1 : 1 : picture.shape[1] * 1j]
    light = 1 - corner * (x * x + y * y)[..., None] / 2
    return (picture * (np.array((235, 238, 240)) / 255) * light).astype(np.uint8)


def compressed(picture: np.ndarray) -> np.ndarray:
    softer = cv2.GaussianBlur(picture, (0, 0), 0.7)
    return cv2.imdecode(cv2.imencode(".jpg", softer, [cv2.IMWRITE_JPEG_QUALITY, 85])[1], cv2.IMREAD_COLOR)


def with_a_shadow(picture: np.ndarray) -> np.ndarray:
    """A soft grey one to the lower right, as generators like to draw it."""
    product = (picture.min(axis=2) < 245).astype(np.float32)
    side = max(picture.shape) / 100
    shade = 255 - cv2.GaussianBlur(moved(255 - product[..., None].repeat(3, 2) * 255, 1, 0.02, 0.025), (0, 0), 2 * side)
    darker = picture * (1 - 0.25 * np.clip(shade / 255, 0, 1))
    return np.where(product[..., None] > 0, picture, darker).astype(np.uint8)


def label_redrawn(picture: np.ndarray) -> np.ndarray:
    """The middle of the product turned upside down."""
    rows, columns = np.nonzero(picture.min(axis=2) < 245)
    y, x, half = int(np.median(rows)), int(np.median(columns)), max(int(0.15 * len(rows) ** 0.5), 2)
    result = picture.copy()
    part = slice(max(y - half, 0), y + half), slice(max(x - half, 0), x + half)
    result[part] = picture[part][::-1, ::-1]
    return result


GOOD: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it should be": lambda picture: picture,
    "shifted +3 %": lambda picture: moved(picture, 1, 0.03, 0.03),
    "shifted -3 %": lambda picture: moved(picture, 1, -0.03, -0.03),
    "rescaled 95 %": lambda picture: moved(picture, 0.95, 0.01, 0),
    "rescaled 105 %": lambda picture: moved(picture, 1.05, 0, -0.01),
    "stretched": stretched,
    "recoloured": recoloured,
    "hue turned 24 degrees": hue_turned,
    "off-white": lambda picture: off_white(picture, 0),
    "off-white, vignette": lambda picture: off_white(picture, 0.1),
    "soft and compressed": compressed,
    "label redrawn": label_redrawn,
    "with a soft shadow": with_a_shadow,
}
BASE, BAD = "as it should be", ("unchanged", "another product", "another product, larger")


def answers(case: Case, other: Case) -> Iterator[tuple[str, np.ndarray]]:
    """Every picture that might come back for the photo."""
    for name, fault in GOOD.items():
        yield name, fault(case.white)
    if not on_white_already(case):
        yield BAD[0], case.sent
    size = case.white.shape[1], case.white.shape[0]
    yield BAD[1], resize(other.white, size)
    yield BAD[2], moved(resize(other.white, size), 1.25, 0, 0)


def on_white_already(case: Case) -> bool:
    """Then an unchanged picture is no fault: there was nothing to remove."""
    rgb = flatten(case.photo.pixels)
    frame = np.concatenate([rgb[:4].reshape(-1, 3), rgb[-4:].reshape(-1, 3), rgb[:, :4].reshape(-1, 3)])
    return bool((frame.min(axis=1) > 240).mean() > WHITE_FRAME)


def scored(case: Case, fault: str, picture: np.ndarray) -> Score:
    geometry = prepare(case.photo, SPEC).geometry
    output = ProviderOutput(raster_of(np.ascontiguousarray(picture)), OutputKind.ON_WHITE)
    start = time.perf_counter()
    cut = cut_out(case.photo, output, geometry)
    seconds = time.perf_counter() - start
    refusal = judge(cut.measures, cut.likeness)
    alpha = view(matte_of(cut.cutout)) > 127
    truth = case.truth > 127
    iou = float((alpha & truth).sum() / max((alpha | truth).sum(), 1))
    return Score(case.name, fault, iou, 0.0, str(refusal.code) if refusal else "", seconds)


def against_base(scores: list[Score]) -> list[Score]:
    base = {score.name: score.iou for score in scores if score.fault == BASE}
    return [replace(score, loss=base[score.name] - score.iou) for score in scores]


def wrong(score: Score) -> bool:
    if score.fault in GOOD:
        return bool(score.refusal) or score.loss > LOSS
    return not score.refusal


def table(scores: list[Score]) -> None:
    print(f"\n{'picture that came back':26}  n     IoU    loss  <0.02   taken  refused                      s")
    for fault in (*GOOD, *BAD):
        some = [score for score in scores if score.fault == fault]
        if some:
            print(line(fault, some))
    good = [score for score in scores if score.fault in GOOD]
    print(f"\nrefused although good: {mean(bool(score.refusal) for score in good):.3f} of {len(good)}")


def line(fault: str, some: list[Score]) -> str:
    refused = Counter(score.refusal for score in some if score.refusal)
    names = ", ".join(f"{name} {count / len(some):.2f}" for name, count in refused.most_common())
    figures = f"{len(some):3}  {mean(score.iou for score in some):6.4f} {mean(score.loss for score in some):+7.4f}"
    near, taken = mean(score.loss < LOSS for score in some), 1 - refused.total() / len(some)
    return f"{fault:26}{figures}  {near:5.2f}   {taken:5.2f}  {names:26} {median(one.seconds for one in some):5.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take only every Nth photo")
    parser.add_argument("--from", type=int, default=0, dest="first", help="of the photos, the first to take")
    parser.add_argument("--each", action="store_true", help="print what lost much, or was judged wrongly")
    arguments = parser.parse_args()
    with (arguments.eval_dir / "index.csv").open(encoding="utf-8") as index:
        names = [row["name"] for row in csv.DictReader(index) if row["half"] == "dev"][
            arguments.first :: arguments.every
        ]
    scores: list[Score] = []
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        case, stranger = (load(arguments.eval_dir / "dev" / one) for one in (name, other))
        some = against_base([scored(case, fault, picture) for fault, picture in answers(case, stranger)])
        scores += some
        for score in some if arguments.each else ():
            if wrong(score):
                print(f"{name:26}{score.fault:26} {score.iou:.3f} {score.loss:+.3f} {score.refusal}", flush=True)
    table(scores)


if __name__ == "__main__":
    main()
