r"""Prompt syntax: what of a prompt is words, and what must stay letter for letter.

    (word:1.2) [word] {red|blue}   brackets, colons and bars stay; the words in them are words
    embedding:name  <lora:name:1>  stay whole, as all names in angle brackets do
    https://… www.…                an address stays whole
    %date:yyyy%                    and so does what is filled in later
    __colour__                     a wildcard stays whole, whatever script its name is in
    BREAK AND                      stay, in capital letters only
    \( \) \\                       whatever follows a backslash stays with it
    , ; $ and line ends            stay; what stands between them is a phrase of its own

White space and punctuation at the ends of a phrase stay too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_SYNTAX = re.compile(
    r"""
      \\.
    | <[A-Za-z]\w*:[^<>\n]*>
    | (?:\bhttps?://|\bwww\.)(?:\\.|[^\s,|(){}\[\]<>\\])+
    | %[^\W\d]\w*(?:[.:][^%\n]*)?%
    | __[^\s,|(){}\[\]<>]+?__
    | \bembedding:(?:\\.|[^\s,|(){}\[\]<>\\])+
    | \b(?:BREAK|AND)\b
    | [][(){}|:;,$\n\r\\]
    """,
    re.VERBOSE | re.DOTALL,
)
_READ_AS_SYNTAX = re.compile(r"[][(){}<>|:;$\\]|__+|%(?=[^\W\d]\w*%)|\s+")
_COMMANDS = re.compile(r"\b(?:BREAK|AND)\b")
_JSON_LIST = re.compile(r'\s*\[\s*\{\s*"')


def is_json_list(text: str) -> bool:
    """Whether it is meant for a JSON list of objects, and no prompt: that may have these brackets
    too, as `[castle:ruin:0.5]` and `[{red|blue} chair:castle:0.5]` do."""
    return _JSON_LIST.match(text) is not None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt: a phrase in words, or something that stays as it is."""

    text: str
    is_phrase: bool


def split(prompt: str) -> tuple[Piece, ...]:
    """The pieces of a prompt; joined, their texts are the prompt. A phrase has a letter in it."""
    pieces: list[Piece] = []
    end = 0
    for found in _SYNTAX.finditer(prompt):
        pieces += _phrase(prompt[end : found.start()])
        pieces.append(Piece(found[0], is_phrase=False))
        end = found.end()
    pieces += _phrase(prompt[end:])
    return tuple(pieces)


def plain(text: str) -> str:
    """One line of `text` in which nothing but commas reads as syntax, without punctuation at its
    end: what may stand in the place of a phrase."""
    words = _READ_AS_SYNTAX.sub(" ", text)
    return _COMMANDS.sub(lambda found: found[0].lower(), " ".join(words.split())).strip(" .,")


def _phrase(text: str) -> Iterator[Piece]:
    """`text` with its ends cut off: they are what is no letter, mark or digit."""
    start, end = 0, 0
    if any(map(str.isalpha, text)):
        start = next(i for i, char in enumerate(text) if _in_words(char))
        end = next(i for i in range(len(text), 0, -1) if _in_words(text[i - 1]))
    for part, is_phrase in ((text[:start], False), (text[start:end], True), (text[end:], False)):
        if part:
            yield Piece(part, is_phrase)


def _in_words(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"
