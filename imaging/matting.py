"""From masks to mattes: alpha that follows the edges of the picture, at any size.

Source: He, Sun, Tang, "Guided Image Filtering" (PAMI 2013), eq. 14 to 18 (colour guide), and He, Sun, "Fast Guided
Filter" (arXiv 1505.00996): the coefficients are found on a small picture and applied to the large one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from imaging.raster import WHITE, Bytes2, Floats, resize, shares, to_bytes

_TILE = 512
_EPSILON = 1e-4
_RADIUS = 3
_SURE = 0.02


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of pixels; `right` and `bottom` lie outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top

    def grown(self, margin: int, width: int, height: int) -> Window:
        """Larger on every side by `margin`, but within the picture."""
        return Window(
            max(self.left - margin, 0),
            max(self.top - margin, 0),
            min(self.right + margin, width),
            min(self.bottom + margin, height),
        )

    def on_grid(self, width: int, height: int) -> Window:
        """Grown to the squares of `windows` that it touches."""
        right, bottom = (-(-edge // _TILE) * _TILE for edge in (self.right, self.bottom))
        left, top = (edge // _TILE * _TILE for edge in (self.left, self.top))
        return Window(left, top, min(right, width), min(bottom, height))

    def within(self, other: Window) -> Window:
        """The same pixels, counted from the other's corner."""
        across, down = other.left, other.top
        return Window(self.left - across, self.top - down, self.right - across, self.bottom - down)


def windows(width: int, height: int, side: int = _TILE) -> Iterator[Window]:
    """The picture cut into squares of `side`: what is done square by square takes little memory."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield Window(left, top, min(left + side, width), min(top + side, height))


def guided(guide: Floats, values: Floats, radius: int, epsilon: float) -> Floats:
    """`values` (height, width) filtered by the colour `guide` (height, width, 3), all in [0, 1]."""
    slope = guided_slope(guide, values, radius, epsilon)
    return np.asarray(np.einsum("ijk,ijk->ij", slope[..., :3], guide) + slope[..., 3], np.float32)


def guided_slope(guide: Floats, values: Floats, radius: int, epsilon: float) -> Floats:
    """(height, width, 4): three factors for the guide's colours and a constant, averaged over windows."""
    mean_guide, mean_values = _box(guide, radius), _box(values, radius)
    covariance = _box(guide * values[..., None], radius) - mean_guide * mean_values[..., None]
    factors = _solve(*_spread(guide, mean_guide, radius, epsilon), covariance)
    constant = mean_values - np.einsum("ijk,ijk->ij", factors, mean_guide)
    return _box(np.dstack([factors, constant]), radius)


def _box(values: Floats, radius: int) -> Floats:
    return np.asarray(cv2.blur(values, (2 * radius + 1, 2 * radius + 1), borderType=cv2.BORDER_REFLECT))


def _spread(guide: Floats, mean: Floats, radius: int, epsilon: float) -> tuple[Floats, Floats]:
    """The symmetric covariance matrix of the guide as its diagonal and its other three (01, 02, 12)."""
    diagonal = _box(guide * guide, radius) - mean * mean + np.float32(epsilon)
    rolled, mean_rolled = guide[..., [1, 2, 2]], mean[..., [1, 2, 2]]
    base, mean_base = guide[..., [0, 0, 1]], mean[..., [0, 0, 1]]
    return diagonal, _box(base * rolled, radius) - mean_base * mean_rolled


def _solve(diagonal: Floats, other: Floats, right: Floats) -> Floats:
    """Cramer's rule for 3 x 3 symmetric systems, one a pixel."""
    a, b, c = cv2.split(diagonal)
    d, e, f = cv2.split(other)
    adjugate = ((b * c - f * f, e * f - d * c, d * f - e * b), (a * c - e * e, d * e - a * f), (a * b - d * d,))
    (xx, xy, xz), (yy, yz), (zz,) = adjugate
    determinant = a * xx + d * xy + e * xz
    x, y, z = cv2.split(right)
    solved = np.dstack([xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z])
    return np.asarray(solved / np.maximum(determinant, 1e-20)[..., None], np.float32)


def settled(alpha: Floats) -> Floats:
    """Alpha with what a filter leaves of plain 0 and 1 put right; shares in [0, 1]."""
    return np.asarray(np.clip((alpha - _SURE) / (1 - 2 * _SURE), 0, 1), np.float32)


def band_of(matte: Bytes2, radius: int) -> Bytes2:
    """255 where alpha is soft, or where it changes within `radius` pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    spread = cv2.subtract(cv2.dilate(matte, kernel), cv2.erode(matte, kernel))
    return np.asarray(cv2.compare(spread, WHITE * _SURE, cv2.CMP_GT))


def enlarge(matte: Bytes2, guide: Bytes2) -> Bytes2:
    """`matte` (h, w) at the size of `guide` (H, W, 3), its edges drawn along the guide's own.

    Works square by square, and only where alpha is not plainly 0 or 255: elsewhere the value is taken over.
    """
    height, width = guide.shape[:2]
    small = matte.shape[1], matte.shape[0]
    if small == (width, height):
        return matte
    large = resize(matte, (width, height)).copy()
    low_guide, band = resize(guide, small), band_of(matte, _RADIUS)
    for window in windows(width, height):
        area = _below(window, (width, height), small)
        if band[area.slices].any():
            large[window.slices] = _enlarged_window(matte, low_guide, guide, window, area, band)
    return large


def _below(window: Window, large: tuple[int, int], small: tuple[int, int]) -> Window:
    """The window's place in the small picture, with room for the filter."""
    across, down = small[0] / large[0], small[1] / large[1]
    low = Window(
        int(window.left * across), int(window.top * down), int(window.right * across) + 1, int(window.bottom * down) + 1
    )
    return low.grown(2 * _RADIUS + 2, *small)


def _enlarged_window(
    matte: Bytes2, low_guide: Bytes2, guide: Bytes2, window: Window, area: Window, band: Bytes2
) -> Bytes2:
    values = shares(matte[area.slices])
    slope = guided_slope(shares(low_guide[area.slices]), values, _RADIUS, _EPSILON)
    layers = np.dstack([slope, values, band[area.slices].astype(np.float32)])
    full = (guide.shape[1], guide.shape[0]), (matte.shape[1], matte.shape[0])
    grown = _sampled(layers, window, area, *full)
    fine = np.einsum("ijk,ijk->ij", grown[..., :3], shares(guide[window.slices])) + grown[..., 3]
    return to_bytes(np.where(grown[..., 5] > 0, settled(fine), grown[..., 4]))


def _sampled(layers: Floats, window: Window, area: Window, large: tuple[int, int], small: tuple[int, int]) -> Floats:
    """Bilinear samples of the small layers at the pixel centres of the large window."""
    across, down = small[0] / large[0], small[1] / large[1]
    columns = (np.arange(window.left, window.right) + 0.5) * across - 0.5 - area.left
    rows = (np.arange(window.top, window.bottom) + 0.5) * down - 0.5 - area.top
    mesh = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
    layered = [
        cv2.remap(layers[..., i : i + 3], *mesh, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for i in (0, 3)
    ]
    return np.dstack(layered)
