"""Cosines of many vectors in plain Python, held against comparing them one by one."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from stockwright.core.vectors import NearestVector, unit


def packed(values: np.ndarray) -> bytes:
    return values.astype("<f2").tobytes()


def some(count: int, length: int, seed: int = 1) -> np.ndarray:
    """Vectors as a network gives them: near to each other, and some values far larger than most."""
    generator = np.random.default_rng(seed)
    spread = generator.gamma(0.5, 1.0, length)
    made = generator.normal(0.4, 1.0, (count, length)) * spread
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.mark.parametrize(("count", "length"), [(1, 3), (256, 8), (700, 768), (300, 4096)])
def test_the_nearest_is_that_of_comparing_all(count: int, length: int):
    known = some(count, length)
    search = NearestVector()
    for number, vector in enumerate(known):
        search.add(str(number), packed(vector))
    assert len(search) == count
    for asked in some(20, length, seed=2):
        found = search.find(packed(asked))
        assert found is not None
        cosines = known @ asked
        assert found[1] == pytest.approx(cosines[int(found[0])], abs=1e-3)
        assert found[1] >= cosines.max() - 1e-3


@pytest.mark.parametrize("at", [0, 255, 256, 599])
def test_a_near_one_is_found_wherever_it_stands(at: int):
    known = some(600, 768)
    search = NearestVector()
    for number, vector in enumerate(known):
        search.add(str(number), packed(vector))
    changed = known[at] + np.random.default_rng(3).normal(0, 0.002, 768)
    found = search.find(packed(changed))
    assert found is not None
    assert found[0] == str(at)
    assert 0.99 < found[1] < 1


@pytest.mark.parametrize("length", [2, 768, 4096])
def test_the_most_extreme_vectors_do_not_run_into_each_other(length: int):
    ends = [np.full(length, sign / length**0.5) for sign in (1, -1)]
    axes = [np.eye(length)[0], -np.eye(length)[0]]
    search = NearestVector()
    vectors = [*ends, *axes] * 64
    random.Random(1).shuffle(vectors)
    for number, vector in enumerate(vectors):
        search.add(str(number), packed(vector))
    for asked in (*ends, *axes):
        found = search.find(packed(asked))
        assert found is not None
        assert np.array_equal(vectors[int(found[0])], asked)
        assert found[1] == pytest.approx(1)


def test_length_does_not_count_and_of_equal_ones_the_first_is_told():
    search = NearestVector()
    assert search.find(struct.pack("<2e", 1, 0)) is None
    for name, scale in (("a", 0.5), ("b", 3)):
        search.add(name, struct.pack("<2e", scale, scale))
    assert search.find(struct.pack("<2e", 1, 1)) == ("a", pytest.approx(1))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"abc", "3 bytes"),
        (b"", "without a direction"),
        (struct.pack("<2e", 0, 0), "without a direction"),
        (struct.pack("<2e", float("nan"), 0), "without a direction"),
    ],
)
def test_what_is_no_vector_is_refused(data: bytes, message: str):
    with pytest.raises(ValueError, match=message):
        unit(data)
    with pytest.raises(ValueError, match=message):
        NearestVector().add("a", data)
