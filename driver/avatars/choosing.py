"""Which of the good photos are of the person, and which show the same moment again. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stockwright.core.likeness import Nearest


class Unclear(ValueError):
    """No person is in most of the photos."""


def distances(
    vectors: Sequence[Sequence[float]], known: Sequence[Sequence[float]], same: float
) -> list[float]:
    """How far each face is from the person: the median of its distances to the person's faces.

    The person's faces are `known`; where there are none, those within `same` of the face that has
    the most such neighbours.

    Raises:
        Unclear: these are no more than half of the faces.
    """
    if known:
        return [_median([math.dist(vector, other) for other in known]) for vector in vectors]
    rows = [[math.dist(one, other) for other in vectors] for one in vectors]
    groups = [[n for n, far in enumerate(row) if far <= same] for row in rows]
    middle = max(range(len(rows)), key=lambda n: (len(groups[n]), -sum(rows[n])), default=None)
    if middle is None:
        return []
    group = groups[middle]
    if 2 * len(group) <= len(vectors):
        raise Unclear
    return [_median([row[m] for m in group if m != n] or [0.0]) for n, row in enumerate(rows)]


def twins(
    hashes: Mapping[str, str], fitness: Mapping[str, float], known: Mapping[str, str], near: int
) -> dict[str, str]:
    """Of pictures that look alike the fittest stays: each other one with the one that stays.

    `hashes` and `known` are perceptual hashes by name; a known one always stays. Pictures are alike
    if their hashes differ in at most `near` bits.
    """
    stay = Nearest(near)
    for name, value in known.items():
        stay.add(name, value)
    found: dict[str, str] = {}
    for name in sorted(hashes, key=lambda name: (-fitness[name], name)):
        if (other := stay.find(hashes[name])) is None:
            stay.add(name, hashes[name])
        else:
            found[name] = other[0]
    return found


def held_back(photos: Sequence[str]) -> frozenset[str]:
    """A tenth of the photos, at least one, unless there is only one. By their hashes, so that more
    photos do not change who was held back more than they must."""
    count = max(1, round(len(photos) / 10)) if len(photos) > 1 else 0
    return frozenset(sorted(photos)[:count])


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[~middle]) / 2
