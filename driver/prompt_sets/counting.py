"""From prompts to a table of modifiers. The prompts are read twice.

The first time phrases are counted, and which names stand after "by". The second time it is counted
with which subject words the most frequent phrases stand. Memory does not grow with the number of
prompts: see `BoundedCounter`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from driver.errors import PromptSetInvalid
from stockwright.core.forbidden import Forbidden
from stockwright.core.modifiers.phrases import content_words, is_modifier, makers, split_prompt
from stockwright.core.modifiers.table import ModifierTable, Phrase

from .bounded import BoundedCounter

MOST_PHRASES, MOST_SUBJECTS = 4000, 8
"""Phrases of a table, and subject words of a phrase."""
MOST_BYTES = 300_000
FEWEST = 2
"""How often a phrase must stand, alone and with a subject word, to be kept."""
LIMIT = 500_000
"""Values of each counter."""
MADE_SHARE = 0.05
"""A phrase is a name where it stands after "by" at least this often for each time it stands
alone: lists of artists begin with "by" and go on without."""

Prompts = Callable[[], Iterable[str]]
"""Gives the same prompts each time."""


def build_table(
    prompts: Prompts,
    forbidden: Forbidden,
    notes: Callable[[], Mapping[str, Any]],
    limit: int = LIMIT,
) -> ModifierTable:
    """The table of the most frequent modifiers, in the order of their counts.

    Args:
        notes: gives what the table says of its source, when all prompts were read.

    Raises:
        PromptSetInvalid: no phrase stands in two prompts.
    """
    counts = _count_phrases(prompts(), forbidden, limit)
    if not counts:
        raise PromptSetInvalid(
            f"no phrase that may be used stands in {FEWEST} prompts",
            hint="Prompts are split at commas: a subject, then what is added to it.",
        )
    pairs, totals = _count_pairs(prompts(), counts, limit)
    kept = _told_apart(counts, pairs, totals)
    most = len(counts)
    while True:
        table = _table(counts[:most], kept, totals, notes())
        if len(table.to_text().encode()) <= MOST_BYTES:
            return table
        most = most * 9 // 10


Counts = list[tuple[str, int]]
Pairs = Mapping[tuple[str, str], int]
"""(phrase, subject word) -> count."""


def _count_phrases(prompts: Iterable[str], forbidden: Forbidden, limit: int) -> Counts:
    phrases, names = BoundedCounter[str](limit), BoundedCounter[str](limit)
    for prompt in prompts:
        parts = split_prompt(prompt)
        for name in {name for part in parts for name in makers(part)}:
            names.add(name)
        for phrase in set(parts[1:]):
            if is_modifier(phrase):
                phrases.add(phrase)
    artists = {
        name
        for name, count in names.counts.items()
        if count >= max(FEWEST, MADE_SHARE * phrases.counts.get(name, 0))
    }
    ordered = sorted(phrases.counts.items(), key=lambda item: (-item[1], item[0]))
    found: Counts = []
    for phrase, count in ordered:
        if count < FEWEST or len(found) == MOST_PHRASES:
            break
        if not _names_one(phrase, artists) and forbidden.reason(phrase) is None:
            found.append((phrase, count))
    return found


def _names_one(phrase: str, names: set[str]) -> bool:
    words = phrase.split()
    spans = ((a, b) for a in range(len(words)) for b in range(a + 1, len(words) + 1))
    return any(" ".join(words[a:b]) in names for a, b in spans)


def _count_pairs(prompts: Iterable[str], counts: Counts, limit: int) -> tuple[Pairs, Counter[str]]:
    wanted = {phrase for phrase, _ in counts}
    pairs, totals = BoundedCounter[tuple[str, str]](limit), BoundedCounter[str](limit)
    for prompt in prompts:
        parts = split_prompt(prompt)
        added = wanted.intersection(parts[1:])
        for word in content_words(parts[0]) if added else ():
            for phrase in added:
                totals.add(word)
                pairs.add((phrase, word))
    return pairs.counts, Counter(totals.counts)


def _told_apart(counts: Counts, pairs: Pairs, totals: Counter[str]) -> dict[str, dict[str, int]]:
    """Phrase -> the subject words that say most of it: those with the highest part in the
    log-likelihood, c log(c / expected), where the phrase stands more often than expected."""
    alone, every = dict(counts), sum(count for _, count in counts)
    gains: dict[str, list[tuple[float, str, int]]] = {}
    for (phrase, word), count in pairs.items():
        expected = totals[word] * alone[phrase] / every if totals[word] else math.inf
        if count >= FEWEST and count > expected:
            gain = count * math.log(count / expected)
            gains.setdefault(phrase, []).append((-gain, word, count))
    return {
        phrase: {word: count for _, word, count in sorted(found)[:MOST_SUBJECTS]}
        for phrase, found in gains.items()
    }


def _table(
    counts: Sequence[tuple[str, int]],
    kept: Mapping[str, dict[str, int]],
    totals: Counter[str],
    notes: Mapping[str, Any],
) -> ModifierTable:
    phrases = tuple(Phrase(phrase, count, kept.get(phrase, {})) for phrase, count in counts)
    told: Counter[str] = Counter()
    for phrase in phrases:
        told.update(phrase.subjects)
    # Where a counter forgot, a total may be less than its parts.
    sums = {word: max(totals[word], told[word]) for word in sorted(told)}
    return ModifierTable(phrases, sums, notes)
