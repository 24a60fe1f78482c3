"""Checks on prompts: budget, forbidden words, the pool without an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from stockwright.core.checking import (
    BUDGET,
    OFF_THEME,
    OVER_BUDGET,
    UNKNOWN_WORD,
    Checks,
    SameWords,
)
from stockwright.core.forbidden import Forbidden
from stockwright.core.kinds import Kind
from stockwright.core.naming import Judge
from stockwright.core.themes import Theme

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


def test_a_word_that_clip_must_spell_is_unknown():
    asked: list[list[str]] = []

    def judge_of(theme: Theme) -> Judge:
        def judge(subjects: Sequence[str]) -> list[str | None]:
            asked.append(list(subjects))
            return [OFF_THEME if "train" in subject else None for subject in subjects]

        return judge

    kind = Kind(name="any", share=1, ask="places", prompt="{subject}", endings=("jetty",))
    theme = Theme(id="sea", title="Sea", about="harbour, train", seeds=(("any", ("galleon",)),))
    subjects = ["pier", "caravagging pier", "train", "galleons", "jetty", "yacht"]
    read_whole = Checks(FORBIDDEN, SameWords(), len, judge_of, {"pier", "yacht"}.__contains__)
    assert read_whole.judge(theme, ("caravagging",), [kind])(subjects) == [
        None,
        UNKNOWN_WORD,
        OFF_THEME,
        None,
        None,
        None,
    ]
    assert asked == [["pier", "train", "galleons", "jetty", "yacht"]]
    # A letter is a token: words of two are not spelled. Without an encoder no word is unknown.
    assert read_whole.judge(theme, (), [])(["ox"]) == [None]
    assert Checks(FORBIDDEN, SameWords(), len).judge(theme, (), [])(["ermeniako"]) == [None]


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
