"""What cannot be said together: `modifiers/contradictions.yaml` of the prompts folders.

    time of day:
      - night, midnight, starry sky
      - morning, sunrise, golden hour
      - evening, sunset, golden hour

Each group has sides, a line each, with words or phrases between commas. Words of two sides
contradict each other. What stands in several sides goes with each of them: "golden hour" with
morning and with evening, not with night.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

from ..definitions import Definition, read_text
from ..errors import ModifiersInvalid
from .phrases import plain_words, split_prompt

FILE = Path("modifiers") / "contradictions.yaml"
Words = tuple[str, ...]
Claims = tuple[Mapping[str, frozenset[int]], ...]
"""For each phrase that says something: group -> the sides of it that go with the phrase."""


class Contradictions:
    """What goes against what. `groups` are name -> sides -> words or phrases."""

    def __init__(self, groups: Mapping[str, list[list[str]]]) -> None:
        self._sides: dict[Words, dict[str, set[int]]] = {}
        for group, lines in groups.items():
            for number, terms in enumerate(lines):
                for term in terms:
                    known = self._sides.setdefault(tuple(plain_words(term)), {})
                    known.setdefault(group, set()).add(number)
        lengths: dict[str, set[int]] = {}
        for words in self._sides:
            lengths.setdefault(words[0], set()).add(len(words))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    @classmethod
    def load(cls, folders: Iterable[str | Path]) -> Contradictions:
        """All groups of the folders' files; of one name, that of the first folder counts.

        Raises:
            ModifiersInvalid: a file with a fault.
        """
        groups: dict[str, list[list[str]]] = {}
        for folder in folders:
            path = Path(folder) / FILE
            if path.is_file():
                text = read_text(path, ModifiersInvalid)
                for name, lines in _read(text, str(path)).items():
                    groups.setdefault(name, lines)
        return cls(groups)

    def claims(self, text: str) -> Claims:
        """What the phrases of a prompt say. The longest term of a group counts: an "office
        building" is not indoors. A phrase with terms of two sides goes with both."""
        each = (self._claims_of(tuple(plain_words(phrase))) for phrase in split_prompt(text))
        return tuple(claims for claims in each if claims)

    def _claims_of(self, words: Words) -> dict[str, frozenset[int]]:
        found: dict[str, frozenset[int]] = {}
        free: dict[str, int] = {}  # group -> from where on it may match again
        for at, word in enumerate(words):
            for size in self._lengths.get(word, ()):
                for group, sides in self._sides.get(words[at : at + size], {}).items():
                    if at >= free.get(group, 0):
                        found[group] = found.get(group, frozenset()) | sides
                        free[group] = at + size
        return found


def contradict(one: Claims, other: Claims) -> bool:
    """Whether a phrase of one text and a phrase of the other stand on different sides of a group.

    A text that contradicts itself, "office, garden", contradicts either side.
    """
    return any(
        sides.isdisjoint(theirs.get(group, sides))
        for ours, theirs in product(one, other)
        for group, sides in ours.items()
    )


def _read(text: str, where: str) -> dict[str, list[list[str]]]:
    values = Definition.read(text, where, ModifiersInvalid)
    groups: dict[str, list[list[str]]] = {}
    for name in values.values:
        lines = [[term.strip() for term in side.split(",")] for side in values.texts(name)]
        if len(lines) < 2:
            raise ModifiersInvalid(
                "has one side",
                where=values.at(name),
                hint="Write two or more lines that begin with a hyphen.",
            )
        if any(not plain_words(term) for terms in lines for term in terms):
            raise ModifiersInvalid("has nothing between two commas", where=values.at(name))
        groups[name] = lines
    return groups
