"""Words that a prompt must not hold, by a list of the evaluation's own: `words.yaml`.

The planner refuses what is in its own list, so that list finds nothing in a plan. This one was
written apart from it, and is searched in another way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

PEOPLE, THINGS = "people", "things"
FILE = Path(__file__).with_name("words.yaml")


class WordJudge:
    """`words`: category -> words and phrases in the singular, and THINGS (see `words.yaml`)."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        things = _any(words.get(THINGS, ()))
        nobody = rf"(?!['\u2019]|\s+(?:{things})\b)" if things else r"(?!['\u2019])"
        self._searches = {
            category: re.compile(
                rf"\b(?:{_any(phrases)})\b{nobody if category == PEOPLE else ''}", re.IGNORECASE
            )
            for category, phrases in words.items()
            if category != THINGS
        }

    @classmethod
    def load(cls) -> WordJudge:
        return cls(yaml.safe_load(FILE.read_text("utf-8")))

    def found(self, text: str, *, people: bool) -> str:
        """The first word of each category that a text holds, or "". `people`: they may be seen."""
        hits = {
            category: hit[0].lower()
            for category, search in self._searches.items()
            if not (people and category == PEOPLE) and (hit := search.search(text))
        }
        return ", ".join(hits.values())


def _any(phrases: Iterable[str]) -> str:
    return "|".join(rf"{re.escape(phrase)}s?" for phrase in phrases)
