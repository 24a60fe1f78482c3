"""Phrases of a prompt, as they come out of a language model, and which of them are of use."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Set

from ..core.words import bare_words


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 100
"""Characters; what runs on longer is a story, no phrase."""

_END = re.compile(r"[,;|!?\r\n]|\.(?=\s)")
_PLAIN = re.compile(r"[\w\s'\u2019/&.%°+-]+")
"""No brackets, colons or the like: they may be syntax of a prompt, an address, or a command."""
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_CREDIT = re.compile(
    r"\b(?:by(?! (?:an?|the) )|(?:style|work|art) of|inspired by)\b", re.IGNORECASE
)
"""What is followed by somebody's name."""
_TALK = _words(
    "and but or so because then when where which who whose while if as it it's this that these "
    "those there is are was were has have had will would can could"
)
"""What begins a part of a sentence; phrases of a prompt begin otherwise."""
_PERSONAL = _words("i me my you your we us our he she they")
"""Who talks, and to whom: in stories, not in prompts."""
_SMALL = _words(
    "a an the and or but of in on at by to for from with without into over under near as is are "
    "was very its his her their"
)
"""Words that say nothing by themselves."""
_SYNTAX = re.compile(r"\b(?:BREAK|AND)\b")


def complete_phrases(pieces: Iterator[str]) -> Generator[str]:
    """The phrases between commas and ends of sentences as they become complete, up to a line break.

    What is after the last of these is left out, and what never comes to an end is cut off at about
    100 characters. Closing this closes `pieces`, if it can be closed.
    """
    rest = ""
    try:
        for piece in pieces:
            rest += piece
            while found := _END.search(rest):
                yield rest[: found.start()].strip()
                if found[0] in "\r\n":
                    return
                rest = rest[found.end() :]
            if len(rest) > _LONGEST:
                yield rest.strip()
                return
    finally:
        close = getattr(pieces, "close", None)
        if close:
            close()


def subject_words(text: str) -> list[str]:
    """Its words as `bare_words`, but for those that say nothing."""
    return [word for word in bare_words(text) if word not in _SMALL]


def credited(phrase: str) -> list[str]:
    """The words of the name that a phrase gives credit to ("by", "style of"), if it does."""
    found = _CREDIT.search(phrase)
    return subject_words(phrase[found.end() :]) if found else []


def is_usable(phrase: str, said: Set[str]) -> bool:
    """Whether a phrase is one, and adds more than it repeats.

    `said` are the `subject_words` of the prompt so far. A phrase that gives credit is of no use.
    """
    if not phrase or len(phrase) > _LONGEST or not _PLAIN.fullmatch(phrase):
        return False
    if "--" in phrase or credited(phrase) or _SYNTAX.search(phrase):
        return False
    everything = [word.lower() for word in _WORD.findall(phrase)]
    if not everything or everything[0] in _TALK or everything[-1] in _SMALL:
        return False
    if not _PERSONAL.isdisjoint(re.split(r"['\u2019]", word)[0] for word in everything):
        return False
    words = subject_words(phrase)
    if not any(word[0].isalpha() for word in words) or len(set(words)) < len(words):
        return False
    return 2 * sum(word not in said for word in words) > len(words)
