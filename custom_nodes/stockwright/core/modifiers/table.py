"""How often phrases stand in a set of prompts, and with which subjects: `modifiers/NAME.json`.

    {"format": "stockwright modifiers 1",
     "source": "where the prompts are from, and their licence",
     "files": [{"name": "prompts.csv", "sha256": "...", "prompts": 1200}],
     "prompts": 1200,
     "subjects": {"forest": 310},
     "phrases": {"morning fog": [42, {"forest": 17}]}}

`phrases` has each phrase's count and its counts with subject words, `subjects` how often a subject
word stands with any phrase of the table. A phrase lists only those words with which it stands more
often than elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ..definitions import read_text
from ..errors import ModifiersInvalid
from .phrases import content_words

FORMAT = "stockwright modifiers 1"
ENDING = ".json"
EVIDENCE = 10.0
"""How many phrases must have been seen with a subject word until what was seen with it counts as
much as what holds for all subjects: those of two or three prompts."""
MOST = 2**53
"""The largest count: up to it a float holds each whole number."""
RARE = 0.05
"""How much of its count a phrase keeps for other subjects at least."""


@dataclass(frozen=True, slots=True)
class Phrase:
    text: str
    count: int
    subjects: Mapping[str, int]
    words: frozenset[str] = field(init=False)
    """What it says: see `content_words`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", content_words(self.text))


class ModifierTable:
    """The counts of phrases, alone and with subject words.

    Args:
        phrases: at least one; each count is above 0.
        totals: subject word -> how often it stands with any phrase.
        notes: where the counts are from: `source`, `files`, `prompts`, as in the file.
    """

    def __init__(
        self, phrases: tuple[Phrase, ...], totals: Mapping[str, int], notes: Mapping[str, Any]
    ) -> None:
        self.phrases = phrases
        self.totals = totals
        self.notes = notes
        self._elsewhere = _elsewhere(phrases, totals)
        self._with: dict[str, list[tuple[int, int]]] = {}
        for index, phrase in enumerate(phrases):
            for word, count in phrase.subjects.items():
                self._with.setdefault(word, []).append((index, count))

    @classmethod
    def load(cls, path: Path) -> ModifierTable:
        """Raises ModifiersInvalid: a file that cannot be read or is no such table."""
        return cls.parse(read_text(path, ModifiersInvalid), str(path))

    @classmethod
    def parse(cls, text: str, where: str) -> ModifierTable:
        """Raises ModifiersInvalid: text that is no such table; `where` is what the error names."""
        return _parse(text, where)

    def to_text(self) -> str:
        """What `parse` reads; one line a phrase, the same for the same table."""
        head = {"format": FORMAT, **self.notes}
        lines = [f"{_json(key)}: {_json(value)}" for key, value in head.items()]
        lines.append(f'"subjects": {_json(dict(self.totals))}')
        rows = [f"{_json(p.text)}: {_json([p.count, dict(p.subjects)])}" for p in self.phrases]
        return "{" + ",\n".join(lines) + ',\n"phrases": {\n' + ",\n".join(rows) + "\n}}\n"

    def probabilities(self, subject: str) -> list[float]:
        """P(phrase | subject) of each phrase, in their order; they add up to 1.

        For one subject word w that was seen n(w) times, of which k(w) are told apart by phrase:

            P(p | w) = (c(p, w) + (m + n(w) - k(w)) P(p)) / (n(w) + m)

        with m = EVIDENCE. This is smoothing with a Dirichlet prior (C. Zhai and J. Lafferty, "A
        Study of Smoothing Methods for Language Models Applied to Information Retrieval", ACM TOIS
        22(2), 2004); the counts that the table leaves out go to the prior P(p), too: that of other
        subjects. Several words count alike: the mean of theirs, a Jelinek-Mercer mixture. Unknown
        words do not count; without known ones it is P(p).

        P(p) is in proportion to c(p) less what p has in excess with the subject words that it
        lists: the sum of c(p, w) - n(w) c(p) / N, N being the sum of all c(p). So what belongs to
        few subjects is rarely drawn for others. RARE of c(p) is left at least.
        """
        known = sorted(word for word in content_words(subject) if word in self.totals)
        if not known:
            return [*self._elsewhere]
        prior = 0.0
        extra: dict[int, float] = {}
        for word in known:
            pairs = self._with.get(word, [])
            share = 1 / (len(known) * (self.totals[word] + EVIDENCE))
            prior += (EVIDENCE + self.totals[word] - sum(count for _, count in pairs)) * share
            for index, count in pairs:
                extra[index] = extra.get(index, 0.0) + count * share
        return [p * prior + extra.get(index, 0.0) for index, p in enumerate(self._elsewhere)]


def _elsewhere(phrases: Sequence[Phrase], totals: Mapping[str, int]) -> list[float]:
    every = sum(phrase.count for phrase in phrases)
    left: list[float] = []
    for phrase in phrases:
        excess = sum(
            count - totals[word] * phrase.count / every for word, count in phrase.subjects.items()
        )
        left.append(max(phrase.count - excess, phrase.count * RARE))
    all_left = sum(left)
    return [count / all_left for count in left]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _parse(text: str, where: str) -> ModifierTable:
    def fault(what: str) -> ModifiersInvalid:
        hint = "Make it anew with `driver/modifiers.py build`."
        return ModifiersInvalid(what, where=where, hint=hint)

    try:
        decoded: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise fault(f"is not valid JSON: {error}") from error
    if not isinstance(decoded, dict) or decoded.get("format") != FORMAT:  # type: ignore[union-attr]
        raise fault(f"is no table of modifiers: its format is not {FORMAT!r}")
    values = cast("dict[str, Any]", decoded)
    totals = _counts(values.get("subjects"))
    if totals is None:
        raise fault(f"subjects must be words with whole numbers from 1 to {MOST}")
    rows = values.get("phrases")
    if not isinstance(rows, dict) or not rows:
        raise fault("holds no phrases")
    phrases: list[Phrase] = []
    left = dict(totals)
    for name, row in cast("dict[str, Any]", rows).items():
        phrase = _phrase(name, row)
        if phrase is None:
            raise fault(f"the phrase {name!r} must have a count and its subjects: [3, {{}}]")
        for word, count in phrase.subjects.items():
            left[word] = left.get(word, 0) - count
            if left[word] < 0:
                raise fault(f"the phrases stand more often with {word!r} than subjects says")
        phrases.append(phrase)
    notes = {k: v for k, v in values.items() if k not in ("format", "subjects", "phrases")}
    return ModifierTable(tuple(phrases), totals, notes)


def _phrase(name: str, row: Any) -> Phrase | None:
    if not name.strip() or not _is_text(name) or not isinstance(row, list):
        return None
    parts = cast("list[Any]", row)
    subjects = _counts(parts[1]) if len(parts) == 2 else None
    if subjects is None or not _is_count(parts[0]):
        return None
    return Phrase(name, parts[0], subjects)


def _counts(value: Any) -> dict[str, int] | None:
    if not isinstance(value, dict):
        return None
    counts = cast("dict[str, Any]", value)
    fine = all(_is_text(word) and _is_count(count) for word, count in counts.items())
    return counts if fine else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: half of a character (a lone surrogate) cannot."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
