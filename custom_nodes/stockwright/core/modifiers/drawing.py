"""Draws modifiers for a prompt."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from ..forbidden import PEOPLE, Forbidden
from .contradictions import Contradictions, contradict
from .phrases import content_words, split_prompt
from .table import ModifierTable
from .verdicts import Verdicts

MISSES = 8
"""Phrases that may turn out too long for a prompt until no more are tried."""


class Stylist:
    """Adds what the prompts of a table add to a subject, by their statistic."""

    def __init__(
        self,
        table: ModifierTable,
        rules: Contradictions,
        forbidden: Forbidden,
        verdicts: Verdicts | None = None,
    ) -> None:
        self._table, self._rules, self._forbidden = table, rules, forbidden
        verdicts = verdicts or Verdicts()
        self._weights = [verdicts.weight(phrase.text) for phrase in table.phrases]

    def draw(
        self,
        subject: str,
        prompt: str,
        count: int,
        rng: Random,
        temperature: float = 1.0,
        fits: Callable[[str], bool] = lambda prompt: True,
    ) -> list[str]:
        """Up to `count` phrases; fewer where no more go with the prompt.

        None of them says what the prompt or another one says already, contradicts it, or is
        forbidden. Phrases about people are drawn only for prompts with people.

        Args:
            subject: what the picture shows; empty means the prompt's first phrase.
            prompt: what they are added to (see `extended`).
            temperature: 0 takes the most probable ones, 1 draws by the statistic, more evens it
                out. Probabilities are raised to the power of 1 / temperature.
            fits: tells of an extended prompt whether it is short enough.
        """
        subject = subject or next(iter(split_prompt(prompt)), "")
        people = self._forbidden.reason(prompt) == PEOPLE
        said, claims = set(_said(prompt)), self._rules.claims(prompt)
        drawn: list[str] = []
        misses = 0
        for index in self._order(subject, rng, temperature):
            if len(drawn) >= count or misses >= MISSES:
                break
            phrase = self._table.phrases[index]
            own = self._rules.claims(phrase.text)
            if not said.isdisjoint(phrase.words) or contradict(own, claims):
                continue
            if self._forbidden.reason(phrase.text, people=people):
                continue
            if not fits(extended(prompt, [*drawn, phrase.text])):
                misses += 1
                continue
            drawn.append(phrase.text)
            said |= phrase.words
            claims += own
        return drawn

    def _order(self, subject: str, rng: Random, temperature: float) -> list[int]:
        """All phrases in the order of a draw without replacement.

        Sorting by log p / T plus Gumbel noise is such a draw (W. Kool, H. van Hoof, M. Welling,
        "Stochastic Beams and Where to Find Them", ICML 2019, section 2).
        """
        chances = self._table.probabilities(subject)
        keys = [math.log(p * w) for p, w in zip(chances, self._weights, strict=True)]
        if temperature > 0:
            keys = [key / temperature - _log_exponential(rng) for key in keys]
        return sorted(range(len(keys)), key=keys.__getitem__, reverse=True)


def extended(prompt: str, phrases: list[str]) -> str:
    """The prompt with the phrases behind it, joined by commas."""
    return ", ".join([prompt.rstrip(" \n.,;"), *phrases]) if phrases else prompt


def _said(prompt: str) -> frozenset[str]:
    return content_words(" ".join(split_prompt(prompt)))


def _log_exponential(rng: Random) -> float:
    return math.log(max(rng.expovariate(1.0), 1e-300))
