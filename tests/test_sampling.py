"""Drawing tokens under a grammar: from the same ones as if the whole vocabulary went through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from stockwright.engine import llm, sampling

LINES = 'root ::= "- " [a-h] rest "- " [x-z] rest\nrest ::= [a-z]{1,8} " " [a-z]{2,9} "\\n"\n'


@pytest.fixture(scope="module")
def model(llm_path: Path) -> Iterator[Any]:
    handle = llm.PromptLLM(str(llm_path))
    handle.open()
    assert llm._loaded is not None
    yield llm._loaded.model
    llm.close_all()


def written(model: Any, seed: int, **others: Any) -> str:
    model.reset()
    how: dict[str, Any] = {"grammar": LINES, "max_tokens": 30, "temperature": 0.9, "least": 0.05}
    tokens = model.tokenize(b"Some rooms of a school:\n")
    return sampling.write(model, tokens, seed=seed, **how | others)


def test_few_candidates_give_what_the_whole_vocabulary_gives(
    model: Any, monkeypatch: pytest.MonkeyPatch
):
    few = [written(model, seed) for seed in range(3)]
    monkeypatch.setattr(sampling, "_LIKELIEST", model.n_vocab())
    assert [written(model, seed) for seed in range(3)] == few
    assert len(set(few)) > 1


def test_what_is_written_follows_the_grammar(model: Any):
    for seed in range(3):
        first, second, end = written(model, seed).split("\n")
        assert first[:2] == second[:2] == "- " and end == ""
        assert first[2] in "abcdefgh" and second[2] in "xyz"


def test_the_text_ends_where_it_must(model: Any):
    whole = written(model, 1)
    cut = written(model, 1, max_tokens=3)
    assert whole.startswith(cut) and 0 < len(cut) < len(whole)


def test_without_temperature_the_seed_does_not_count(model: Any):
    assert len({written(model, seed, temperature=0.0) for seed in range(3)}) == 1


def test_a_grammar_that_cannot_be_read(model: Any):
    with pytest.raises(ValueError, match="cannot be read"):
        written(model, 1, grammar="root ::= (")


class Odd:
    """A grammar that allows odd tokens only, and counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, tokens: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        self.asked.append(len(tokens))
        return tokens % 2 == 1


def test_tokens_come_by_their_chance_and_unlikely_ones_never():
    logits = np.full(1000, -20.0, np.float32)
    # Of the odd ones 3 is twice as likely as 5, and 7 a twentieth of 3.
    logits[[2, 3, 5, 7]] = np.log([0.5, 0.2, 0.1, 0.01])
    allowed, rng = Odd(), Random(1)
    drawn = Counter(sampling._drawn(logits, allowed, 1.0, 0.1, rng) for _ in range(600))
    assert set(drawn) == {3, 5} and 350 < drawn[3] < 450
    assert set(allowed.asked) == {sampling._LIKELIEST}


def test_the_whole_vocabulary_is_asked_where_the_likeliest_are_not_allowed():
    logits = np.where(np.arange(1000) % 2 == 0, 5.0, 0.0).astype(np.float32)
    logits[901] = 1.0
    allowed = Odd()
    drawn = {sampling._drawn(logits, allowed, 0.5, 0.9, Random(seed)) for seed in range(20)}
    assert drawn == {901}
    assert 1000 in allowed.asked
