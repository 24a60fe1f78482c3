"""Counting what may have more values than the memory holds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class BoundedCounter(Generic[Key]):
    """Counts of at most `limit` values, after lossy counting (G. S. Manku and R. Motwani,
    "Approximate Frequency Counts over Data Streams", VLDB 2002): where there are more, the rarest
    half is forgotten.

    Attributes:
        counts: value -> count, never too high and too low by at most `missed`.
        missed: 0 until anything was forgotten.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.counts: dict[Key, int] = {}
        self.missed = 0

    def add(self, key: Key) -> None:
        counts = self.counts
        counts[key] = counts.get(key, 0) + 1
        if len(counts) > self.limit:
            self._forget()

    def _forget(self) -> None:
        median = sorted(self.counts.values())[len(self.counts) // 2]
        self.counts = {key: count for key, count in self.counts.items() if count > median}
        self.missed += median
