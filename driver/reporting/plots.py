"""Histograms: the bars of a score's distribution, in the units of an SVG's view box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360.0, 110.0
"""Of the drawing, without the labels below it."""
BINS = 24


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    passed: float
    """Height of the part for pictures that passed."""
    rejected: float
    """Height of the part on top of it, for rejected ones."""
    count: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Plot:
    name: str
    count: int
    low: float
    high: float
    median: float
    bars: tuple[Bar, ...]
    limits: tuple[float, ...]
    """Where thresholds lie along x; those outside of the drawing are left out."""


def histogram(
    name: str, passed: Sequence[float], rejected: Sequence[float], limits: Sequence[float] = ()
) -> Plot:
    """The distribution of a score. Raises ValueError where there is none at all.

    Thresholds that lie near the values widen the drawing, so that both are seen.
    """
    values = sorted([*passed, *rejected])
    if not values:
        raise ValueError(f"the score {name!r} has no values")
    low, high = _range(values, limits)
    step = (high - low) / BINS

    def place(value: float) -> int:
        return min(int((value - low) / step), BINS - 1)

    counts = [[0, 0] for _ in range(BINS)]
    for kind, some in enumerate((passed, rejected)):
        for value in some:
            counts[place(value)][kind] += 1
    highest = max(map(sum, counts))
    width = WIDTH / BINS
    bars = tuple(
        Bar(
            x=n * width,
            width=width - 1,
            passed=HEIGHT * good / highest,
            rejected=HEIGHT * bad / highest,
            count=good + bad,
            low=low + n * step,
            high=low + (n + 1) * step,
        )
        for n, (good, bad) in enumerate(counts)
        if good + bad
    )
    lines = tuple(WIDTH * (limit - low) / (high - low) for limit in limits if low <= limit <= high)
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    return Plot(name, len(values), low, high, middle, bars, lines)


def _range(values: Sequence[float], limits: Sequence[float]) -> tuple[float, float]:
    low, high = values[0], values[-1]
    reach = (high - low) or abs(high) or 1.0
    for limit in limits:
        if low - reach <= limit <= high + reach:
            low, high = min(low, limit), max(high, limit)
    if low == high:  # one value: a bar in the middle
        return low - reach / 2, high + reach / 2
    return low, high
