"""Vectors that tell what pictures show, and which of many is the nearest, by cosine.

Plain Python, since the driver that compares them loads no arrays. A vector is kept as the bytes of
its 16-bit floats, little-endian. How they come about: engine/embedding.py.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from operator import mul

_STORED, _ASKED = 8191, 2047
"""Steps from 0 to 1 of vectors that are kept, and of one that is looked for."""
_BITS = 32
_BIAS = 1 << (_BITS - 1)
_BLOCK = 256


def unit(data: bytes) -> tuple[float, ...]:
    """The vector in `data`, made as long as 1.

    Raises:
        ValueError: it has no direction, or there are no whole 16-bit floats in it.
    """
    if len(data) % 2:
        raise ValueError(f"{len(data)} bytes are no 16-bit floats")
    values = struct.unpack(f"<{len(data) // 2}e", data)
    length = math.sqrt(sum(map(mul, values, values)))
    if not math.isfinite(length) or not length:
        raise ValueError("a vector without a direction")
    return tuple(value / length for value in values)


class NearestVector:
    """The vector nearest to a given one among many of the same length.

    All are compared. Vectors are kept by columns, each column of a block one large integer with 32
    bits for each vector. A number times such an integer is a multiplication for all vectors of the
    block at once, so that a search takes about 768 such products for each 256 vectors. With 10,000
    vectors it takes some 45 ms, an eighth of what comparing them one by one takes, and 50 MB.
    Values are rounded for it to 1/8191 (1/2047 in the vector that is looked for), which changes a
    cosine by about 0.0002; the cosine that is returned is computed of the vectors themselves.
    """

    def __init__(self) -> None:
        self._known: list[tuple[str, bytes]] = []
        self._blocks: list[list[int]] = []
        self._fresh: list[list[int]] = []

    def __len__(self) -> int:
        return len(self._known)

    def add(self, name: str, data: bytes) -> None:
        """Remembers a vector under a name. Raises ValueError, as `unit` does."""
        # Never below 0, so that the numbers in a column do not run into each other.
        self._fresh.append([round(value * _STORED) + _STORED for value in unit(data)])
        self._known.append((name, data))
        if len(self._fresh) == _BLOCK:
            columns = zip(*self._fresh, strict=True)
            self._blocks.append([_packed(column) for column in columns])
            self._fresh = []

    def find(self, data: bytes) -> tuple[str, float] | None:
        """(name, cosine) of the nearest, of equally near ones the first; None if there is none."""
        asked = unit(data)
        if not self._known:
            return None
        whole = [round(value * _ASKED) for value in asked]
        found = [value for block in self._blocks for value in _products(whole, block)]
        found += [sum(map(mul, whole, row)) + _BIAS for row in self._fresh]
        name, nearest = self._known[found.index(max(found))]
        return name, sum(map(mul, asked, unit(nearest)))


def _packed(column: Sequence[int]) -> int:
    return int.from_bytes(struct.pack(f"<{len(column)}I", *column), "little")


_BIASES = _packed([_BIAS] * _BLOCK)


def _products(whole: Sequence[int], block: Sequence[int]) -> tuple[int, ...]:
    """Of one vector with each vector of a block, plus _BIAS, which keeps them above 0. None comes
    near 2**31: for 4,096 dimensions 8191 * 2047 * (1 + 64) is the most, by Cauchy and Schwarz."""
    total = sum(map(mul, whole, block), _BIASES)
    return struct.unpack(f"<{_BLOCK}I", total.to_bytes(_BLOCK * _BITS // 8, "little"))
