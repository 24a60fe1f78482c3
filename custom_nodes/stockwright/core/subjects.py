"""Subjects as a model names them: when two are the same, and which ones a picture can show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from .kinds import SUBJECT_WORDS, Kind
from .words import singular

SMALL = frozenset(
    {"a", "an", "the", "and", "or", "of", "in", "on", "at", "by", "for", "to", "with"}
)
"""Words that carry no meaning of their own."""
_BEHIND = frozenset({"for", "with", "in", "at", "by", "on", "from", "to", "near"})
"""What stands behind such a word only describes: a "table in a restaurant" is a table."""
TRIVIAL = frozenset({
    "another", "beautiful", "big", "bigger", "common", "different", "fine", "good", "great", "huge",
    "large", "larger", "little", "main", "modern", "new", "nice", "old", "ordinary", "other",
    "same", "simple", "small", "smaller", "special", "standard", "tiny", "traditional", "typical",
    "usual", "various",
})  # fmt: skip
"""Words, in the singular, that do not make another subject of one."""
_MARKS = re.compile(r"^(\s+|[-*•]+|\d+[.)](?!\d))+")
"""What a line of a list begins with: "- ", "2) ", "3. "."""
_SPELLED = re.compile(r"[a-z0-9][a-z0-9' &-]*")
_PUNCTUATION = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',
    "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-",
})  # fmt: skip


def subject_keys(subject: str) -> frozenset[str]:
    """Two subjects are the same if and only if they share one of these keys.

    Letter case, articles and small words, plural and hyphens do not count, nor does the order of
    words ("school in a village" and "village school") or, in their order, whether they are written
    as one ("The Work Benches" and "workbench"), nor words that a picture of the same thing would do
    without ("large workbench"). Letters do not change places: "desk lamp" is not "desk palm".
    """
    every = words_of(subject)
    words = [word for word in every if word not in TRIVIAL] or every
    return frozenset({"".join(words), "".join(sorted(words))})


def words_of(text: str) -> list[str]:
    """The words of a text that carry meaning, in lower case and in the singular."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return [singular(w) for w in re.findall(r"\w+", plain) if w not in SMALL]


def without_accents(text: str) -> str:
    """A text with plain letters, quotes and hyphens: "Café" gives "Cafe"."""
    parts = unicodedata.normalize("NFKD", text.translate(_PUNCTUATION))
    return "".join(c for c in parts if not unicodedata.combining(c))


def tidied(line: str) -> str:
    """A line of a list in lower case, without its bullet or number, article, accents and full stop;
    may be empty."""
    text = _MARKS.sub("", without_accents(line.casefold()))
    text = " ".join(text.strip(" .,;:!?\"'").split())
    return re.sub(r"^(a|an|the|some) ", "", text)


def is_spelled(subject: str) -> bool:
    """Whether a tidied subject has only Latin letters, digits, spaces and - ' &."""
    return _SPELLED.fullmatch(subject) is not None


class Sieve:
    """Lets through what a picture of one kind and theme can show.

    | reason | the subject |
    |---|---|
    | form | has too many words, one twice, a loose one at its start or end, only small ones, |
    | | or other letters than a to z |
    | unwanted | holds an unwanted word |
    | kind | does not end (`_heads`) in the kind's endings, or holds a word that it is without |
    | avoided | holds a phrase to avoid |

    Args:
        kind: None lets every kind through.
        unwanted: words that no subject may contain.
        loose: words with which no subject may start or end.
        avoid: phrases (in the singular or plural) that no subject may contain.
    """

    def __init__(
        self,
        kind: Kind | None,
        *,
        unwanted: Iterable[str],
        loose: Iterable[str],
        avoid: Iterable[str],
    ) -> None:
        self.endings = _singulars(kind.endings if kind else ())
        self.without = _singulars(kind.without if kind else ())
        self.unwanted = _singulars(unwanted)
        self.loose = frozenset(loose)
        self.avoid = [words for phrase in avoid if (words := words_of(phrase))]

    def suits(self, phrase: str) -> bool:
        """Whether a phrase, as it stands in a theme's `about`, is of this kind."""
        return self.refusal(phrase.casefold()) is None

    def refusal(self, subject: str) -> str | None:
        """Why a tidied subject cannot be taken, or None."""
        words = subject.split()
        if not 1 <= len(words) <= SUBJECT_WORDS or len(words[-1]) < 3 or not is_spelled(subject):
            return "form"
        bare = [singular(w) for w in words if w not in SMALL]
        loose = not self.loose.isdisjoint((words[0], words[-1]))
        if loose or not bare or len(set(bare)) < len(bare):
            return "form"
        if not self.unwanted.isdisjoint(bare):
            return "unwanted"
        if not self.without.isdisjoint(bare):
            return "kind"
        if self.endings and not self.endings.issuperset(_heads(words)):
            return "kind"
        return "avoided" if any(_contains(bare, phrase) for phrase in self.avoid) else None


def _heads(words: list[str]) -> set[str]:
    """The last word, and the last one before "with" and such, in the singular."""
    behind = next((place for place, word in enumerate(words) if word in _BEHIND), len(words))
    return {singular(words[max(behind, 1) - 1]), singular(words[-1])}


def _contains(words: list[str], phrase: list[str]) -> bool:
    size = len(phrase)
    return any(words[i : i + size] == phrase for i in range(len(words) - size + 1))


def _singulars(words: Iterable[str]) -> frozenset[str]:
    return frozenset(singular(word.casefold()) for word in words)
