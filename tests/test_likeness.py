"""Perceptual hashes compared: the index finds what comparing all would find."""

from __future__ import annotations

import random

import pytest

from stockwright.core.likeness import Nearest, hamming

ZERO = "0" * 16


def flipped(value: str, bits: list[int]) -> str:
    number = int(value, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:016x}"


def test_hamming_counts_the_bits_that_differ():
    assert hamming(ZERO, ZERO) == 0
    assert hamming("00ff", "000f") == 4
    assert hamming(ZERO, "f" * 16) == 64


def test_hashes_of_two_lengths_are_not_compared():
    with pytest.raises(ValueError, match="16 and of 4 digits"):
        hamming(ZERO, "0000")
    with pytest.raises(ValueError, match="not a hash of 16 digits"):
        Nearest(4).add("a", "0000")
    with pytest.raises(ValueError, match="not a hash of 16 digits"):
        Nearest(4).find("0000")


@pytest.mark.parametrize("reach", [-1, 64])
def test_a_reach_must_lie_within_the_hash(reach: int):
    with pytest.raises(ValueError, match="from 0 to 63"):
        Nearest(reach)


@pytest.mark.parametrize("reach", [0, 1, 5, 10, 20])
def test_the_index_finds_what_comparing_all_would_find(reach: int):
    rng = random.Random(reach)
    known = [f"{rng.getrandbits(64):016x}" for _ in range(60)]
    known += [flipped(h, rng.sample(range(64), rng.randint(0, 24))) for h in known for _ in "abc"]
    index = Nearest(reach)
    for place, value in enumerate(known):
        index.add(str(place), value)
    assert len(index) == len(known)
    hits = 0
    for _ in range(400):
        asked = flipped(rng.choice(known), rng.sample(range(64), rng.randint(0, 24)))
        distance, place = min((hamming(asked, h), place) for place, h in enumerate(known))
        expected = (str(place), distance) if distance <= reach else None
        assert index.find(asked) == expected
        hits += expected is not None
    assert 0 < hits < 400


def test_of_equally_near_ones_the_first_is_named_and_an_empty_index_has_none():
    index = Nearest(3)
    assert index.find(ZERO) is None
    index.add("first", flipped(ZERO, [1]))
    index.add("second", flipped(ZERO, [2]))
    index.add("third", flipped(ZERO, [1]))
    assert index.find(ZERO) == ("first", 1)


def test_hashes_of_another_length_can_be_kept():
    index = Nearest(2, bits=16)
    index.add("a", "00f0")
    assert index.find("00f1") == ("a", 1)
    assert index.find("ffff") is None
