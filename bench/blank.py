"""How much longer the embedded engine takes over pictures with little or nothing on them than over a product.

Run it with `python -m bench.blank`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np

from domain import Raster
from imaging import object_mask
from tests.photos import product_photo, raster

MOST = 3.0
SIZES = (300, 400), (600, 800), (900, 900)


def blanks(height: int, width: int) -> Iterator[tuple[str, Raster]]:
    for name, top, left, bottom, right in (
        ("nothing", 0, 0, 0, 0),
        ("a corner", 0, 0, 5, 5),
        ("a dot", height // 2, width // 2, height // 2 + 3, width // 2 + 3),
        ("two halves", 0, 0, height, width // 2),
    ):
        for value in (254, 128, 0):
            picture = np.full((height, width, 3), 255, np.uint8)
            picture[top:bottom, left:right] = value
            yield f"{name}, {value}", raster(picture)


def seconds(picture: Raster) -> float:
    began = time.perf_counter()
    object_mask(picture)
    return time.perf_counter() - began


def main() -> int:
    worst = 0.0
    for height, width in SIZES:
        product = product_photo(width, height)
        object_mask(product)
        usual = seconds(product)
        for name, picture in blanks(height, width):
            ratio = seconds(picture) / usual
            worst = max(worst, ratio)
            print(f"{width}x{height} {name:16} {ratio:5.2f} times")
    print(f"worst {worst:.2f} (asked: at most {MOST})")
    return 0 if worst <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
