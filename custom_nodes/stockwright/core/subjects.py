"""Subjects as a model names them: when two are the same, and which ones a picture can show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from .kinds import SUBJECT_WORDS, Kind

_SMALL = frozenset(
    {"a", "an", "the", "and", "or", "of", "in", "on", "at", "by", "for", "to", "with"}
)
_LINE_START = re.compile(r"^[\s\-*•\d.)]+")


def subject_keys(subject: str) -> frozenset[str]:
    """Two subjects are the same if and only if they share one of these keys.

    Letter case, articles and small words, plural and hyphens do not count, nor does the order of
    words ("school in a village" and "village school") or, in their order, whether they are written
    as one ("The Work Benches" and "workbench"). Letters do not change places: "desk lamp" is not
    "desk palm".
    """
    words = words_of(subject)
    return frozenset({"".join(words), "".join(sorted(words))})


def words_of(text: str) -> list[str]:
    """The words of a text that carry meaning, in lower case and in the singular."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return [singular(w) for w in re.findall(r"\w+", plain) if w not in _SMALL]


def singular(word: str) -> str:
    """A word without the ending of a regular English plural."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


class Sieve:
    """Lets through what a picture of one kind and theme can show.

    Args:
        unwanted: words that no subject may contain.
        loose: words with which no subject may start or end.
        avoid: phrases (in the singular or plural) that no subject may contain.
    """

    def __init__(
        self, kind: Kind, *, unwanted: Iterable[str], loose: Iterable[str], avoid: Iterable[str]
    ) -> None:
        self.endings = _singulars(kind.endings)
        self.without = _singulars((*kind.without, *unwanted))
        self.loose = frozenset(loose)
        self.avoid = [words for phrase in avoid if (words := words_of(phrase))]

    def subject(self, line: str) -> str | None:
        """The subject in a line, tidied: lower case, no bullet, article or full stop; or None."""
        text = " ".join(_LINE_START.sub("", line.casefold()).strip(" .,;:!?\"'").split())
        words = re.sub(r"^(a|an|the|some) ", "", text).split()
        return " ".join(words) if self._suits(words) else None

    def suits(self, phrase: str) -> bool:
        """Whether a phrase, as it stands in a theme's `about`, is of this kind."""
        return self._suits(phrase.casefold().split())

    def _suits(self, words: list[str]) -> bool:
        if not 1 <= len(words) <= SUBJECT_WORDS or len(words[-1]) < 3:
            return False
        if words[0] in self.loose or words[-1] in self.loose:
            return False
        bare = [singular(w) for w in words if w not in _SMALL]
        if len(set(bare)) < len(bare) or not self.without.isdisjoint(bare):
            return False
        if self.endings and bare[-1] not in self.endings:
            return False
        return not any(_contains(bare, phrase) for phrase in self.avoid)


def _contains(words: list[str], phrase: list[str]) -> bool:
    size = len(phrase)
    return any(words[i : i + size] == phrase for i in range(len(words) - size + 1))


def _singulars(words: Iterable[str]) -> frozenset[str]:
    return frozenset(singular(word.casefold()) for word in words)
