"""Which pictures look alike, told from their perceptual hashes.

A perceptual hash is a hexadecimal text; pictures that look alike have hashes that differ in few
bits (their Hamming distance). How a picture's hash is made: engine/quality/hashing.py.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise


def hamming(a: str, b: str) -> int:
    """In how many bits two hashes of one length differ.

    Raises:
        ValueError: a text that is no hexadecimal number, or two lengths.
    """
    if len(a) != len(b):
        raise ValueError(f"hashes of {len(a)} and of {len(b)} digits cannot be compared")
    return (int(a, 16) ^ int(b, 16)).bit_count()


class Nearest:
    """The hash nearest to a given one among many, if one lies within `reach` bits.

    Hashes are cut into reach + 1 bands. Two that differ in at most `reach` bits are equal in one
    band at least (pigeonhole; Norouzi, Punjani and Fleet 2012), so only those that share a band
    are compared. It finds exactly what comparing all would find.
    """

    def __init__(self, reach: int, *, bits: int = 64) -> None:
        """Raises ValueError unless 0 <= reach < bits."""
        if not 0 <= reach < bits:
            raise ValueError(f"the reach must be from 0 to {bits - 1}, not {reach}")
        self._reach, self._digits = reach, bits // 4
        edges = [bits * band // (reach + 1) for band in range(reach + 2)]
        self._bands = [(low, (1 << (high - low)) - 1) for low, high in pairwise(edges)]
        self._known: list[tuple[int, str]] = []
        self._places: defaultdict[tuple[int, int], list[int]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._known)

    def add(self, name: str, value: str) -> None:
        """Remembers the hash `value` under a name. One hash may have several names."""
        number = self._number(value)
        for key in self._keys(number):
            self._places[key].append(len(self._known))
        self._known.append((number, name))

    def find(self, value: str) -> tuple[str, int] | None:
        """(name, distance) of the nearest within reach, of equally near ones the first added."""
        number = self._number(value)
        seen = {place for key in self._keys(number) for place in self._places.get(key, ())}
        best = min((((self._known[at][0] ^ number).bit_count(), at) for at in seen), default=None)
        if best is None or best[0] > self._reach:
            return None
        return self._known[best[1]][1], best[0]

    def _number(self, value: str) -> int:
        if len(value) != self._digits:
            raise ValueError(f"{value!r} is not a hash of {self._digits} digits")
        return int(value, 16)

    def _keys(self, number: int) -> list[tuple[int, int]]:
        return [(at, number >> at & mask) for at, mask in self._bands]
