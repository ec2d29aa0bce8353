"""Graph cuts that give the same answer every time.

Source: Rother, Kolmogorov, Blake, "GrabCut" (SIGGRAPH 2004); OpenCV's implementation.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

import cv2
import numpy as np

from imaging.raster import WHITE, Bytes2
from patience import give_way

OUTSIDE, INSIDE, MAYBE_OUTSIDE, MAYBE_INSIDE = cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD
_SEED = 1
_AT_ONCE = 2
_FOOT = 0.8
_BLANK, _GRAIN = 0.99, 1.2


def cut(picture: Bytes2, guess: Bytes2, rounds: int = 2) -> Bytes2:
    """The object's mask (255 or 0) from a guess made of the four labels above, all of one size.

    A guess with only one side is returned as it is: there is nothing to cut.
    """
    return _cut(_uneven(picture), guess, rounds)


def cuts(picture: Bytes2, guesses: Sequence[Bytes2]) -> list[Bytes2]:
    """The masks of several guesses, on two cores: OpenCV's generator is each thread's own."""
    cut_one = partial(_cut, _uneven(picture))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        jobs = [pool.submit(copy_context().run, cut_one, guess) for guess in guesses]
        return [job.result() for job in jobs]


def _cut(picture: Bytes2, guess: Bytes2, rounds: int = 2) -> Bytes2:
    give_way()
    inside = guess & 1
    if inside.all() or not inside.any():
        return np.asarray(inside * WHITE, np.uint8)
    labels = guess.copy()
    cv2.setRNGSeed(_SEED)  # k-means of the colour models starts from OpenCV's own generator
    cv2.grabCut(picture, labels, None, None, None, rounds, cv2.GC_INIT_WITH_MASK)
    return np.asarray((labels & 1) * WHITE, np.uint8)


def _uneven(picture: Bytes2) -> Bytes2:
    """A blank picture with a little grain, the same every time: where all pixels are alike every cut costs the
    same, and the search for the cheapest takes ten times as long.
    """
    alike = (np.diff(picture, axis=0) == 0).all(axis=2).mean(), (np.diff(picture, axis=1) == 0).all(axis=2).mean()
    if min(alike) < _BLANK:
        return picture
    grain = np.random.default_rng(_SEED).normal(0, _GRAIN, picture.shape)
    return np.clip(np.rint(picture + grain), 0, WHITE).astype(np.uint8)


def maybe(mask: Bytes2) -> Bytes2:
    """A guess that is sure of nothing."""
    return np.where(mask > WHITE // 2, MAYBE_INSIDE, MAYBE_OUTSIDE).astype(np.uint8)


def inset(height: int, width: int, share: float) -> Bytes2:
    """A guess that the object lies within a rectangle, and surely nothing of it outside."""
    guess = np.full((height, width), OUTSIDE, np.uint8)
    down, across = max(round(height * share), 1), max(round(width * share), 1)
    guess[down : height - down, across : width - across] = MAYBE_INSIDE
    return guess


def oval(height: int, width: int, share: float = 0.3) -> Bytes2:
    """A guess that the object fills an oval; the top and the sides are surely outside, the foot need not be."""
    guess = np.full((height, width), MAYBE_OUTSIDE, np.uint8)
    cv2.ellipse(
        guess, (width // 2, height // 2), (int(width * share), int(height * share)), 0, 0, 360, MAYBE_INSIDE, -1
    )
    guess[0] = OUTSIDE
    guess[: int(height * _FOOT), [0, -1]] = OUTSIDE
    return guess
