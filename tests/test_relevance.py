"""Which subjects belong to a theme, with the real encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stockwright.core.checking import OFF_THEME, SAME_SUBJECT
from stockwright.core.themes import load_themes, new_theme, parse_theme
from stockwright.engine.encoder import SentenceEncoder
from stockwright.engine.relevance import Judge

THEMES = load_themes([Path(__file__).parent.parent / "prompts"])


@pytest.fixture(scope="module")
def encoder(encoder_path: Path) -> SentenceEncoder:
    return SentenceEncoder(str(encoder_path))


def test_subjects_of_other_themes_are_refused(encoder: SentenceEncoder):
    judge = Judge(encoder, replace(parse_theme("medicine", THEMES), seeds=()), THEMES)
    own = ["dental clinic", "wheelchair ramp", "blood test tubes"]
    others = ["container ship", "pizza oven", "stock exchange"]
    assert judge([*own, *others]) == [None] * 3 + [OFF_THEME] * 3


def test_a_subject_in_other_words_is_the_same(encoder: SentenceEncoder):
    judge = Judge(encoder, new_theme("Cinema"), THEMES)
    assert judge(["movie theater", "film theater", "film projector"]) == [None, SAME_SUBJECT, None]
    assert judge(["film theater"]) == [SAME_SUBJECT]


def test_what_a_theme_has_among_its_seeds_is_the_same(encoder: SentenceEncoder):
    theme = replace(new_theme("Cinema"), seeds=(("interiors", ("film theater",)),))
    assert Judge(encoder, theme, THEMES)(["movie theater"]) == [SAME_SUBJECT]


def test_a_new_theme_refuses_only_what_is_far_off(encoder: SentenceEncoder):
    theme = new_theme("Beekeeping and honey")
    answers = Judge(encoder, theme, THEMES)(["wooden beehive", "honey jar", "office printer"])
    assert answers == [None, None, OFF_THEME]


def test_the_areas_that_a_model_gave_a_new_theme_do_not_lead_off_it(encoder: SentenceEncoder):
    theme = replace(new_theme("Beekeeping and honey"), areas=("vanilla", "beehives"))
    answers = Judge(encoder, theme, THEMES)(["vanilla extract", "wooden beehive"])
    assert answers == [OFF_THEME, None]
    # The encoder knows English only; such a title is far from everything.
    russian = replace(new_theme("Пчеловодство"), areas=("honey making",))
    assert Judge(encoder, russian, THEMES)(["honey jar", "office printer"]) == [None, OFF_THEME]


def test_subjects_are_encoded_together(encoder: SentenceEncoder):
    calls: list[list[str]] = []

    class Spy(SentenceEncoder):
        def vectors(self, texts: Sequence[str]) -> Any:
            calls.append(list(texts))
            return encoder.vectors(texts)

    judge = Judge(Spy(encoder.path), new_theme("Beekeeping and honey"), THEMES)
    calls.clear()
    subjects = ["wooden beehive", "honey jar", "office printer"]
    assert judge(subjects) == [None, None, OFF_THEME]
    assert calls[0] == subjects and all(len(texts) > 1 for texts in calls)
    assert judge([]) == []
