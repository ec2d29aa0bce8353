"""What speaks for and against a matte: its contour, a network that knows objects, and the embedded engine's matte.

All is seen at 320 px.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from domain import Comparison, Cutout, Evidence, Photo
from imaging.contour import Mask, contour_of, edge_of, share
from imaging.measures import HALF, decided
from imaging.network import seen
from imaging.raster import Bytes2, Floats, flatten, resize, shrink

_SIDE = 320
_PLACE = 0.08  # of the long side: how wide a place is looked at together
_FAR = 0.03  # of the long side
_NEVER = 0.03  # what the network rules out may happen this often
_SQUARE = np.ones((3, 3), np.uint8)


def evidence(photo: Photo, cutout: Cutout, reference: Cutout | None = None) -> Evidence:
    """The cutout against its photo; `reference` is the embedded engine's, if the cutout is not."""
    scene = Scene.of(shrink(flatten(photo.pixels), _SIDE))
    return scene.evidence(_matte(cutout, photo), None if reference is None else _matte(reference, photo))


@dataclass(frozen=True, slots=True)
class Scene:
    """A photo as CIE Lab (h, w, 3), and how likely its pixels are the object's (h, w) to a network."""

    lab: Bytes2
    likely: Floats

    @classmethod
    def of(cls, rgb: Bytes2) -> Scene:
        """rgb (h, w, 3) of 320 px."""
        likely = resize(seen(rgb), (rgb.shape[1], rgb.shape[0]))
        return cls(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), likely)

    def evidence(self, alpha: Bytes2, reference: Bytes2 | None = None) -> Evidence:
        """Both mattes (h, w)."""
        inside = alpha > HALF
        recognised = _overlap(inside, self.likely > 0.5)
        compared = None if reference is None else self._compared(inside, reference)
        return Evidence(contour_of(self.lab, alpha), recognised, compared)

    def _compared(self, inside: Mask, reference: Bytes2) -> Comparison:
        """What is left out the network knows best, though not in holes, which it likes to fill: there, as of what is
        taken in, the engine has a say.
        """
        other = reference > HALF
        both = np.asarray((self.likely + other) / 2, np.float32)
        left = np.where(_outside(inside), self.likely, both)
        return Comparison(
            contour=contour_of(self.lab, reference),
            overlap=_overlap(inside, other),
            astray=_astray(inside, other),
            missed=_worst_place(_surprise(1 - left) * ~inside),
            spilt=_worst_place(_surprise(both) * inside),
        )


def _matte(cutout: Cutout, photo: Photo) -> Bytes2:
    return np.asarray(shrink(decided(cutout, photo), _SIDE))


def _overlap(first: Mask, second: Mask) -> float:
    return float((first & second).sum() / max((first | second).sum(), 1))


def _outside(inside: Mask) -> Mask:
    """What is not inside and can be reached from beyond the frame."""
    free = cv2.copyMakeBorder(np.where(inside, 0, 1).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, labels = cv2.connectedComponents(free, connectivity=4)
    return np.asarray((labels == labels[0, 0])[1:-1, 1:-1])


def _astray(inside: Mask, other: Mask) -> float:
    edge = cv2.morphologyEx(other.astype(np.uint8), cv2.MORPH_GRADIENT, _SQUARE)
    distance = cv2.distanceTransform(1 - edge, cv2.DIST_L2, 3)
    return share(distance > _FAR * max(inside.shape), edge_of(inside))


def _surprise(chance: Floats) -> Floats:
    return np.asarray(-np.log(np.maximum(chance, _NEVER)), np.float32)


def _worst_place(surprise: Floats) -> float:
    """Beyond the frame nothing surprises."""
    side = max(round(_PLACE * max(surprise.shape)), 1)
    return float(cv2.blur(surprise, (side, side), borderType=cv2.BORDER_CONSTANT).max())
