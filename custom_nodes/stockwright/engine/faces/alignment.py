"""A face to the template that networks know, and back into its picture.

Pictures are float tensors (channels, height, width); the middle of the first pixel is (0.5, 0.5).
Both ways sample with a bicubic kernel. Where sampling makes a picture smaller, it is made smaller
by area first, so that no fine pattern turns into a coarse one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional as F

from .detection import Point

SIDE = 512
"""Pixels of the aligned face's side."""

TEMPLATE: tuple[Point, ...] = (
    (192.98138, 239.94708),
    (318.90277, 240.1936),
    (256.63416, 314.01935),
    (201.26117, 371.41043),
    (313.08905, 371.15118),
)
"""Eyes, nose and corners of the mouth in a face of FFHQ at 512 pixels: the place that GFPGAN,
RestoreFormer and CodeFormer were trained for (facexlib, `face_template`)."""

_MIDDLE, _WIDTH, _ABOVE, _BELOW = (256.0, 282.0), 156.0, 180.0, 200.0
"""The face in the template: an egg from the hair line to the chin, between the ears."""
_FEATHER = 0.3
"""How much of the egg's radius it fades over, all of it inside."""

_FINER = 1.5
"""How much finer than its target a source may be when it is sampled: at 1 a face that is put back
unchanged loses detail (39 dB for one of 170 pixels, against 47 dB), at 2 fine lines get steps."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Rotation, one scale and shift: (x, y) to (a x - b y + u, b x + a y + v)."""

    a: float
    b: float
    u: float
    v: float

    @property
    def scale(self) -> float:
        """Pixels of the target for one of the source."""
        return math.hypot(self.a, self.b)

    def __call__(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.a * x - self.b * y + self.u, self.b * x + self.a * y + self.v

    def inverse(self) -> Similarity:
        square = self.a**2 + self.b**2
        a, b = self.a / square, -self.b / square
        return Similarity(a, b, -(a * self.u - b * self.v), -(b * self.u + a * self.v))


def to_template(points: Sequence[Point], template: Sequence[Point] = TEMPLATE) -> Similarity:
    """The similarity that brings points nearest to the template, by least squares.

    The closed form for two dimensions of Umeyama, "Least-squares estimation of transformation
    parameters between two point patterns" (1991), without mirroring. Raises ValueError if all
    points are one.
    """
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    tx, ty = sum(x for x, _ in template) / n, sum(y for _, y in template) / n
    spread = along = across = 0.0
    for (x, y), (p, q) in zip(points, template, strict=True):
        x, y, p, q = x - mx, y - my, p - tx, q - ty
        spread += x * x + y * y
        along += x * p + y * q
        across += x * q - y * p
    if spread < 1e-9:
        raise ValueError("the points of a face are all at one place")
    a, b = along / spread, across / spread
    return Similarity(a, b, tx - (a * mx - b * my), ty - (b * mx + a * my))


def aligned(picture: torch.Tensor, to_face: Similarity, side: int = SIDE) -> torch.Tensor:
    """The face as a picture of its own, (channels, side, side).

    What lies beyond the picture's edge is its mirror image, so that networks see no hard edge.
    """
    return _sampled(picture, to_face.inverse(), (0, 0, side, side), "reflection")


@dataclass(frozen=True, slots=True)
class Patch:
    """What a face changes in its picture."""

    x: int
    y: int
    pixels: torch.Tensor
    """(channels, height, width), put at column x and row y."""
    mask: torch.Tensor
    """(height, width), 1 where only the patch is seen, 0 where the picture stays."""


def patch(face: torch.Tensor, to_face: Similarity, size: tuple[int, int]) -> Patch | None:
    """A restored face (channels, SIDE, SIDE) turned back to where it came from.

    `size` is the picture's height and width. None if no part of the face lies in the picture.
    """
    height, width = size
    x0, y0, x1, y1 = _reach(to_face)
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if x0 >= x1 or y0 >= y1:
        return None
    area = (x0, y0, x1, y1)
    pixels = _sampled(face, to_face, area, "border")
    columns, rows = _middles(area, face.device)
    return Patch(x0, y0, pixels, _egg(*to_face(columns, rows)))


@lru_cache(maxsize=4)
def template_mask(device: torch.device) -> torch.Tensor:
    """The mask of an aligned face, (SIDE, SIDE)."""
    return _egg(*_middles((0, 0, SIDE, SIDE), device))


def _egg(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The mask at places of the template: 1 in the face, fading smoothly to 0 at its rim."""
    across = (x - _MIDDLE[0]) / _WIDTH
    down = y - _MIDDLE[1]
    along = torch.where(down < 0, down / _ABOVE, down / _BELOW)
    inside = ((1 - torch.hypot(across, along)) / _FEATHER).clamp(0, 1)
    return inside * inside * (3 - 2 * inside)


def _reach(to_face: Similarity) -> tuple[int, int, int, int]:
    """The box of the picture that the mask reaches."""
    x, y = _MIDDLE
    corners = [(x + dx, y + dy) for dx in (-_WIDTH, _WIDTH) for dy in (-_ABOVE, _BELOW)]
    back = to_face.inverse()
    spots = [back(torch.tensor(p), torch.tensor(q)) for p, q in corners]
    xs, ys = [float(x) for x, _ in spots], [float(y) for _, y in spots]
    return math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))


def _middles(
    area: tuple[int, int, int, int], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    x0, y0, x1, y1 = area
    rows = torch.arange(y0, y1, device=device, dtype=torch.float32) + 0.5
    columns = torch.arange(x0, x1, device=device, dtype=torch.float32) + 0.5
    down, across = torch.meshgrid(rows, columns, indexing="ij")
    return across, down


def _sampled(
    source: torch.Tensor, to_source: Similarity, area: tuple[int, int, int, int], beyond: str
) -> torch.Tensor:
    """`area` of a plane, filled from the source; `to_source` says where each place lies in it."""
    height, width = source.shape[1:]
    small = source.float()[None]
    if to_source.scale > _FINER:
        size = [max(1, round(n * _FINER / to_source.scale)) for n in (height, width)]
        small = F.interpolate(small, size, mode="bicubic", antialias=True)
    x, y = to_source(*_middles(area, source.device))
    grid = torch.stack([2 * x / width - 1, 2 * y / height - 1], -1)[None]
    sampled = F.grid_sample(small, grid, "bicubic", padding_mode=beyond, align_corners=False)
    return sampled[0]
