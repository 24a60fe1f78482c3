"""Checks on prompts: budget, forbidden words, the pool without an encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockwright.core.checking import BUDGET, OVER_BUDGET, Checks, SameWords
from stockwright.core.forbidden import Forbidden

PROMPTS = Path(__file__).parent.parent / "prompts"
FORBIDDEN = Forbidden.load([PROMPTS])


def words(text: str) -> int:
    return len(text.replace(",", " ,").split())


CHECKS = Checks(FORBIDDEN, SameWords(), words)


def test_the_same_words_in_another_order_are_the_same_prompt():
    pool = SameWords()
    pool.remember(["a red chair, wide angle"])
    chair, lamp = pool.admit(["Wide angle, the red chairs", "a red lamp, wide angle"])
    assert chair == (1.0, "a red chair, wide angle")
    assert lamp is None
    assert pool.admit(["a red lamp, wide angle"]) == [(1.0, "a red lamp, wide angle")]


def test_a_long_prompt_loses_its_last_parts():
    parts = [f"part{n} of it" for n in range(30)]
    fitted = CHECKS.fitted(", ".join(parts))
    assert fitted and fitted.startswith("part0 of it, part1 of it")
    assert words(fitted) <= BUDGET < words(fitted) + words(", " + parts[-1])
    assert CHECKS.fitted("short, and sweet") == "short, and sweet"


def test_a_first_part_that_is_too_long_cannot_be_fitted():
    text = " ".join(["word"] * (BUDGET + 1))
    assert CHECKS.fitted(text) is None
    assert CHECKS.refusal(text, people=False) == OVER_BUDGET


@pytest.mark.parametrize(
    ("prompt", "people", "reason"),
    [
        ("school corridor, morning light", False, None),
        ("teacher at a desk, morning light", False, "people"),
        ("teacher at a desk, morning light", True, None),
        ("sneakers by adidas on a shelf", True, "brands"),
        ("village street in the style of van gogh", False, "artists"),
        ("statue of albert einstein", False, "names"),
    ],
)
def test_forbidden_words_are_named_by_their_category(prompt: str, people: bool, reason: str | None):
    assert CHECKS.refusal(prompt, people=people) == reason
