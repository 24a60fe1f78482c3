"""How many jobs go into a graph: given, or found on the first graphs of a run.

Sizes 1, 2, 4, … are tried as long as the next one makes clearly more pictures a second; then the
fastest is kept and goes on being measured. Measured is the server's own time for a graph. The first
graph after the server's start loads the models and does not count; a size that disappoints gets a
second graph, since its first one may have paid for a warm-up or for another program's work.
"""

from __future__ import annotations

from collections import Counter, defaultdict

LARGEST = 16
WORTH = 1.05
"""A larger size must make this many times the pictures a second for the next one to be tried."""

CLEARLY = 1.02
"""Of two sizes the smaller one is kept unless the larger one is this many times as fast."""

REMEMBERED = 5
"""Measurements of a size that count: the best of the latest ones."""


class BatchSizer:
    def __init__(self, fixed: int | None = None) -> None:
        """`fixed` is a size that is kept, as far as memory holds it."""
        self._fixed = fixed
        self._limit = fixed or LARGEST
        self._loading = True
        self._sent: Counter[int] = Counter()
        self._seconds: dict[int, list[float]] = defaultdict(list)

    def next_size(self) -> int:
        """How many jobs the next graph should have."""
        if self._fixed is not None:
            return self._limit
        return self._trial() or self._fastest()

    def sent(self, size: int) -> None:
        """A graph of `size` jobs is on its way; fewer than asked for may have been left."""
        self._sent[size] += 1

    def restart(self) -> None:
        """The server was started anew: its next graph loads the models."""
        self._loading = True

    def record(self, size: int, seconds: float) -> None:
        """A graph of `size` jobs took the server `seconds`."""
        if self._loading:
            self._loading = False
            self._sent[size] = max(self._sent[size] - 1, 0)
        elif seconds > 0:
            self._seconds[size].append(seconds)

    def shrink(self, size: int) -> int:
        """A graph of `size` did not fit into memory. Returns the largest size from now on."""
        self._limit = max(1, min(self._limit, size // 2))
        return self._limit

    def _rate(self, size: int) -> float:
        """Pictures a second."""
        return size / min(self._seconds[size][-REMEMBERED:])

    def _fastest(self) -> int:
        fastest = 1
        for size in sorted(size for size in self._seconds if size <= self._limit):
            if fastest not in self._seconds or self._rate(size) > CLEARLY * self._rate(fastest):
                fastest = size
        return fastest

    def _trial(self) -> int | None:
        """The size to try next; None when the search is over."""
        best, size = 0.0, 1
        while size <= self._limit:
            if not self._sent[size]:
                return size
            if size not in self._seconds:  # on its way: look one further meanwhile
                pass
            elif self._rate(size) < WORTH * best:
                return size if self._sent[size] < 2 else None
            else:
                best = self._rate(size)
            size *= 2
        return None
