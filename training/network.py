"""The network: a U-Net of residual blocks that sees the whole frame, 2.54 million parameters.

Names of the parts are keys of the weights: `d` goes down to half the size, `e` encodes there, `u` joins what comes up
from below with what `e` saw at that size, `f` refines it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = 16, 32, 72, 128, 160
"""Channels at a half, a quarter, an eighth, a sixteenth and a thirty-second of the side."""


def conv(inside: int, outside: int, kernel: int = 3, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, padding, dilation=dilation, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


def normalised(photos: Tensor) -> Tensor:
    """RGB 0 to 255 as the network takes it."""
    return (photos.float() - 127.5) / 64


def doubled(features: Tensor) -> Tensor:
    return functional.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)


class Block(nn.Module):
    """Two convolutions whose result is added to what came in."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.a = conv(width, width, 3, 1, dilation)
        self.b = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.b(self.a(features)), inplace=True)


class Network(nn.Module):
    """Photo (n, 3, side, side), normalised, to matte logits (n, 1, side, side); the side is a multiple of 32."""

    def __init__(self, widths: tuple[int, int, int, int, int] = WIDTHS) -> None:
        super().__init__()
        self._down(*widths)
        self._up(*widths)

    def _down(self, a: int, b: int, c: int, d: int, e: int) -> None:
        self.stem, self.e1 = conv(3, a, 5, 2), Block(a)
        self.d2, self.e2 = conv(a, b, 3, 2), Block(b)
        self.d3, self.e3 = conv(b, c, 3, 2), nn.Sequential(Block(c), Block(c))
        self.d4, self.e4 = conv(c, d, 3, 2), nn.Sequential(Block(d), Block(d))
        self.d5, self.e5 = conv(d, e, 3, 2), nn.Sequential(Block(e), Block(e, 2))
        self.glob = nn.Sequential(nn.Linear(e, e), nn.ReLU(), nn.Linear(e, e))

    def _up(self, a: int, b: int, c: int, d: int, e: int) -> None:
        self.u4, self.f4 = conv(e + d, d, 1), Block(d)
        self.u3, self.f3 = conv(d + c, c, 1), Block(c)
        self.u2, self.f2 = conv(c + b, b, 1), Block(b)
        self.u1, self.f1 = conv(b + a, a, 1), conv(a, a)
        self.head = nn.Conv2d(a, 4, 3, padding=1)
        self.aux = nn.Conv2d(d, 1, 1)

    def forward(self, photo: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """While training also logits at a sixteenth of the side, so that the depth learns where the product is."""
        x1 = self.e1(self.stem(photo))
        x2 = self.e2(self.d2(x1))
        x3 = self.e3(self.d3(x2))
        x4 = self.e4(self.d4(x3))
        x5 = self.e5(self.d5(x4))
        x5 = x5 + self.glob(x5.mean((2, 3)))[:, :, None, None]
        y4 = self.f4(self.u4(torch.cat([doubled(x5), x4], 1)))
        y3 = self.f3(self.u3(torch.cat([doubled(y4), x3], 1)))
        y2 = self.f2(self.u2(torch.cat([doubled(y3), x2], 1)))
        y1 = self.f1(self.u1(torch.cat([doubled(y2), x1], 1)))
        matte = functional.pixel_shuffle(self.head(y1), 2)
        return (matte, self.aux(y4)) if self.training else matte
