"""The designer's glossary: `glossary.yaml` of a prompts folder, a Russian term for an English one.

    золотой час: golden hour
    вид сверху: top view

A term is found in a text in any of its forms ("в золотом часе"): its words are compared without
their endings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from .definitions import Definition, read_text
from .errors import TranslationInvalid

FILE = "glossary.yaml"
MAX_TERM = 200
"""Characters in a term."""

_ENDING = 2
_STEM = 4
_KEY = 3
_PLAIN = {ord("ё"): "\N{CYRILLIC SMALL LETTER IE}"}

Pair = tuple[str, str]


class Glossary:
    """Terms and their translations."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        self.terms = dict(terms)
        self._by_start: dict[str, list[tuple[list[str], Pair]]] = {}
        for pair in self.terms.items():
            if words := _words(pair[0]):
                self._by_start.setdefault(words[0][:_KEY], []).append((words, pair))

    def pairs_in(self, text: str) -> tuple[Pair, ...]:
        """The terms that stand in `text` with their translations, the longest ones first."""
        words = _words(text)
        found = {
            pair
            for start, word in enumerate(words)
            for term, pair in self._by_start.get(word[:_KEY], ())
            if _same(term, words[start : start + len(term)])
        }
        return tuple(sorted(found, key=lambda pair: (-len(pair[0]), pair)))


def load_glossary(folders: Iterable[str | Path]) -> Glossary:
    """The terms of all folders' files; the first folder that has a term wins.

    Raises:
        TranslationInvalid: a file that is no mapping of terms to terms.
    """
    terms: dict[str, str] = {}
    for folder in folders:
        path = Path(folder) / FILE
        if path.is_file():
            text = read_text(path, TranslationInvalid)
            for term, english in _terms(Definition.read(text, str(path), TranslationInvalid)):
                terms.setdefault(term, english)
    return Glossary(terms)


def _terms(values: Definition) -> Iterable[Pair]:
    for key in values.values:
        term, english = " ".join(key.split()), values.text(key)
        if not _words(term):
            raise TranslationInvalid("the term has no letters", where=values.at(repr(key)))
        if max(len(term), len(english)) > MAX_TERM:
            raise TranslationInvalid(
                f"a term has more than {MAX_TERM} characters", where=values.at(term[:40])
            )
        yield term, english


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold().translate(_PLAIN))


def _same(term: list[str], words: list[str]) -> bool:
    """Whether each word could be a form of the term's word."""
    return len(term) == len(words) and all(
        form.startswith(word[: max(_STEM, len(word) - _ENDING)])
        and len(form) <= len(word) + _ENDING + 1
        for word, form in zip(term, words, strict=True)
    )
