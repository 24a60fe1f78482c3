"""What the table tells of a pool, as functions of its jobs and of their vectors.

Vectors are the rows of an array (texts, dimensions), each of length 1: a product of two rows is
their cosine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stockwright.core.jobs import Job
from stockwright.core.kinds import Kind
from stockwright.core.subjects import subject_keys, words_of

Rows = np.ndarray[Any, np.dtype[np.float32]]

AT_ONCE = 1000
"""Rows that are compared with all others in one go, so that memory stays flat."""
ENOUGH = 10
"""Times that a value of an axis must be due to count: of fewer, one more or less is too much."""


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`. Counts, so that a goal is not met by rounding."""

    part: int
    whole: int

    def reaches(self, percent: int) -> bool:
        """Nothing of nothing reaches no goal: it was not measured."""
        return self.whole > 0 and 100 * self.part >= percent * self.whole

    def __add__(self, other: Share) -> Share:
        return Share(self.part + other.part, self.whole + other.whole)


def share(flags: Sequence[bool]) -> Share:
    return Share(sum(flags), len(flags))


def nearest(rows: Rows, targets: Rows) -> list[int]:
    """The place of the target with the highest cosine, for each row."""
    return [int(place) for part in _parts(rows) for place in (part @ targets.T).argmax(axis=1)]


def highest_cosine(rows: Rows) -> float | None:
    """Of any two rows; None for fewer than two."""
    best = [float(of_row.max()) for of_row in _with_earlier(rows) if of_row.size]
    return max(best, default=None)


def duplicates(prompts: Sequence[str], rows: Rows, limit: float) -> int:
    """Prompts that have the words of an earlier one, or a cosine of `limit` or more with one."""
    seen: set[tuple[str, ...]] = set()
    found = 0
    for prompt, cosines in zip(prompts, _with_earlier(rows), strict=True):
        words = tuple(sorted(words_of(prompt)))
        found += words in seen or bool((cosines >= limit).any())
        seen.add(words)
    return found


def distinct_subjects(jobs: Sequence[Job]) -> Share:
    """Different subjects, as `subject_keys` tells them apart, of all jobs."""
    keys = {min(subject_keys(job.subject)) for job in jobs}
    return Share(len(keys), len(jobs))


def vendi_score(rows: Rows) -> float:
    """How many texts that have nothing in common would be as diverse: from 1 to the number of rows,
    and 0 for none.

    exp of the Shannon entropy of the eigenvalues of K/n, where K has the cosines of all pairs
    (Friedman and Dieng 2022, "The Vendi Score: A Diversity Evaluation Metric for Machine
    Learning"). The eigenvalues other than 0 are those of the small matrix that is used here.
    """
    if not len(rows):
        return 0.0
    wide = rows.astype(np.float64)
    values = np.linalg.eigvalsh(wide.T @ wide)
    shares = values[values > 0] / values[values > 0].sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


@dataclass(frozen=True, slots=True)
class Imbalance:
    """The value of an axis that is furthest from its share. `deviation`: 0.1 is 10 % too often."""

    kind: str
    axis: str
    value: str
    deviation: float


def imbalance(jobs: Sequence[Job], kinds: Sequence[Kind]) -> Imbalance | None:
    """Over all axes of all kinds, of values that are due ENOUGH times; None if none is.

    A value is due as often as its weight says, among the jobs of its kind that have the axis.
    """
    found = [
        Imbalance(kind.name, axis.name, value, dealt[value] / due - 1)
        for kind in kinds
        for axis in kind.axes
        for dealt in [Counter(_drawn(jobs, kind.name, axis.name))]
        for value, weight in zip(axis.values, axis.weights, strict=True)
        for due in [dealt.total() * weight / sum(axis.weights)]
        if due >= ENOUGH
    ]
    return max(found, key=lambda one: abs(one.deviation), default=None)


def _drawn(jobs: Sequence[Job], kind: str, axis: str) -> Iterator[str]:
    for job in jobs:
        if job.kind == kind and axis in (drawn := dict(job.axes)):
            yield drawn[axis]


def _with_earlier(rows: Rows) -> Iterator[Rows]:
    """For each row its cosines with those before it."""
    for start in range(0, len(rows), AT_ONCE):
        cosines = rows[start : start + AT_ONCE] @ rows[: start + AT_ONCE].T
        for place, of_row in enumerate(cosines):
            yield of_row[: start + place]


def _parts(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]
