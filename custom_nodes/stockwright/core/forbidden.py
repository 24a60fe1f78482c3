"""What no prompt may hold: `forbidden.yaml` of the prompts folders.

people: [person, crowd]        # not in kinds without people
brands: [coca cola]            # words or phrases, whatever their case and plural
artists: [van gogh]
names: [harry potter]          # named persons, real or invented
text: [signboard]              # legible text in the picture
other: [weapon]
allowed: [guest of honour]     # passes, though a word of it is forbidden above
belongings: [room, chair]      # right after a word of people they make a thing of it: guest room
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .definitions import Definition, read_text
from .errors import ForbiddenInvalid
from .words import bare_words

PEOPLE = "people"
CATEGORIES = (PEOPLE, "brands", "artists", "names", "text", "other")
_ALLOWED = "allowed"
_BELONGINGS = "belongings"
_OTHERS = (_ALLOWED, _BELONGINGS)
_Phrases = dict[str, list[tuple[tuple[str, ...], str]]]


class Forbidden:
    """Words and phrases by category: found in one pass over the words of a text."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """`entries`: (category, "allowed" or "belongings", word or phrase), each with a letter or
        digit."""
        self._phrases: _Phrases = {}
        self._allowed: _Phrases = {}
        self._belongings: set[str] = set()
        for category, phrase in dict.fromkeys(entries):
            first, *rest = bare_words(phrase)
            if category == _BELONGINGS:
                self._belongings.add(first)
                continue
            phrases = self._allowed if category == _ALLOWED else self._phrases
            phrases.setdefault(first, []).append((tuple(rest), category))

    @classmethod
    def load(cls, folders: Iterable[str | Path]) -> Forbidden:
        """The files of all folders together; a folder or file that is not there is passed over.

        Raises:
            ForbiddenInvalid: a file with an unknown category, or an entry without letters.
        """
        entries: list[tuple[str, str]] = []
        for folder in folders:
            path = Path(folder) / "forbidden.yaml"
            if path.is_file():
                entries += _read(path)
        return cls(entries)

    def reason(self, text: str, *, people: bool = False) -> str | None:
        """The category of the first forbidden word or phrase in a text, or None.

        Nothing reaches over a comma.

        people: words of the category `people` pass.
        """
        for part in re.split("[,;]", text):
            if reason := self._reason(bare_words(part), people):
                return reason
        return None

    def _reason(self, words: list[str], people: bool) -> str | None:
        place = 0
        while place < len(words):
            if allowed := _found(self._allowed, words, place):
                place += max(length for length, _ in allowed)
                continue
            for length, category in _found(self._phrases, words, place):
                owned = words[place + length : place + length + 1]
                passes = people or not self._belongings.isdisjoint(owned)
                if not (passes and category == PEOPLE):
                    return category
            place += 1
        return None


def _found(phrases: _Phrases, words: list[str], place: int) -> list[tuple[int, str]]:
    """(number of words, category) of the phrases that begin at this word."""
    return [
        (1 + len(rest), category)
        for rest, category in phrases.get(words[place], ())
        if tuple(words[place + 1 : place + 1 + len(rest)]) == rest
    ]


def _read(path: Path) -> list[tuple[str, str]]:
    values = Definition.read(read_text(path, ForbiddenInvalid), str(path), ForbiddenInvalid)
    values.only((*CATEGORIES, *_OTHERS))
    entries: list[tuple[str, str]] = []
    for category in values.values:
        for place, phrase in enumerate(values.texts(category)):
            if not bare_words(phrase):
                raise ForbiddenInvalid(
                    f"{phrase!r} has no letters", where=values.at(category, place)
                )
            if category == _BELONGINGS and len(bare_words(phrase)) > 1:
                raise ForbiddenInvalid(
                    f"{phrase!r} is more than one word",
                    where=values.at(category, place),
                    hint="Write it with the word before it under allowed.",
                )
            entries.append((category, phrase))
    return entries
