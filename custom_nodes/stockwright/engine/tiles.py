"""Pictures in equal tiles that overlap, and the weights with which their results are joined.

Neighbours share at least OVERLAP pixels. A result is wrong near a tile's inner borders, where the
model did not see what lies beyond: so the MARGIN next to them counts nothing, and between the two
margins one tile's weight falls as its neighbour's rises (half a period of a cosine). The weights of
all tiles add up to 1 in each pixel, and where a model looks no farther than MARGIN pixels around,
the joined picture is the one that it would have made of the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch

MARGIN = 8
OVERLAP = 32
"""Pixels of the picture before it is enlarged."""

SMALLEST = 64
"""The smallest side of a tile worth trying: half of it is overlap on each side."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Tiles along one side of a picture."""

    length: int
    tile: int
    starts: tuple[int, ...]

    def weights(self, scale: int) -> list[torch.Tensor]:
        """Of each tile's result: (tile * scale)."""
        pairs = [a + self.tile - b for a, b in pairwise(self.starts)]
        shared = [0, *pairs, 0]
        each = []
        for before, after in pairwise(shared):
            weights = torch.ones(self.tile * scale, dtype=torch.float64)
            weights[: before * scale] *= _rise(before, scale)
            weights[len(weights) - after * scale :] *= 1 - _rise(after, scale)
            each.append(weights)
        # Small tiles may reach over their neighbour to the next one: then it is not yet 1.
        total = torch.zeros(self.length * scale, dtype=torch.float64)
        slices = [slice(s * scale, (s + self.tile) * scale) for s in self.starts]
        for where, weights in zip(slices, each, strict=True):
            total[where] += weights
        return [(w / total[s]).float() for s, w in zip(slices, each, strict=True)]


@dataclass(frozen=True, slots=True)
class Grid:
    """Tiles of one picture, row by row."""

    rows: Axis
    columns: Axis

    @classmethod
    def of(cls, height: int, width: int, tile: int, multiple: int = 1) -> Grid:
        """Tiles of at most `tile` pixels a side; where a picture is larger, their sides are
        multiples of `multiple` as far as possible, so that a model need not pad them."""
        return cls(_axis(height, tile, multiple), _axis(width, tile, multiple))

    def __len__(self) -> int:
        return len(self.rows.starts) * len(self.columns.starts)

    @property
    def pixels(self) -> int:
        """Of one tile."""
        return self.rows.tile * self.columns.tile

    def places(self) -> Iterator[tuple[int, int]]:
        """Numbers of the row and the column of each tile."""
        for row in range(len(self.rows.starts)):
            for column in range(len(self.columns.starts)):
                yield row, column

    def window(self, row: int, column: int, scale: int = 1) -> tuple[slice, slice]:
        """Where a tile lies in the picture, or its result in the enlarged one."""
        top, left = self.rows.starts[row] * scale, self.columns.starts[column] * scale
        return (
            slice(top, top + self.rows.tile * scale),
            slice(left, left + self.columns.tile * scale),
        )


def _axis(length: int, tile: int, multiple: int) -> Axis:
    """The fewest tiles of at most `tile` pixels that overlap enough, made as small as that allows,
    and spread evenly."""
    tile = max(tile // multiple * multiple, SMALLEST)
    if length <= tile:
        return Axis(length, length, (0,))
    count = math.ceil((length - OVERLAP) / (tile - OVERLAP))
    side = math.ceil((length + (count - 1) * OVERLAP) / count)
    side = math.ceil(side / multiple) * multiple
    if side >= length:
        return Axis(length, length, (0,))
    last = length - side
    return Axis(length, side, tuple(round(n * last / (count - 1)) for n in range(count)))


def _rise(shared: int, scale: int) -> torch.Tensor:
    """From 0 to 1 over `shared` pixels that two tiles have in common, enlarged."""
    steep = (shared - 2 * MARGIN) * scale
    at = (torch.arange(shared * scale, dtype=torch.float64) + 0.5 - MARGIN * scale) / steep
    return (1 - torch.cos(at.clamp(0, 1) * math.pi)) / 2
