"""Likes and dislikes of modifiers, and how much they count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ..errors import ModifiersInvalid

PRIOR_LIKES = PRIOR_DISLIKES = 2.0
"""The Beta prior: every phrase counts as liked and disliked twice before anyone has judged it, so
that a single verdict changes little."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What people said of pictures with a phrase.

    Args:
        marks: phrase, as a table has it -> (likes, dislikes), each 0 or more.

    Raises:
        ModifiersInvalid: a number below 0.
    """

    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def __post_init__(self) -> None:
        for phrase, counts in self.marks.items():
            if min(counts) < 0:
                raise ModifiersInvalid(
                    "likes and dislikes are numbers from 0", where=f"verdicts, {phrase!r}"
                )

    def weight(self, phrase: str) -> float:
        """What the phrase's probability is multiplied by: 1 where nobody has judged it, 2 at most.

        The mean of the Beta posterior, (likes + a) / (likes + dislikes + a + b), divided by that
        of the prior, a / (a + b).
        """
        likes, dislikes = self.marks.get(phrase, (0, 0))
        both = PRIOR_LIKES + PRIOR_DISLIKES
        posterior = (likes + PRIOR_LIKES) / (likes + dislikes + both)
        return posterior / (PRIOR_LIKES / both)


def parse_verdicts(text: str) -> Verdicts:
    """From JSON such as {"soft light": [3, 1]}: likes and dislikes of each phrase; empty for none.

    Raises:
        ModifiersInvalid: another form, or a number that is not whole and from 0.
    """
    if not text.strip():
        return Verdicts()
    try:
        said: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"no valid JSON: {error}") from error
    if not isinstance(said, dict):
        raise _invalid("no JSON object")
    marks: dict[str, tuple[int, int]] = {}
    for phrase, counts in cast("dict[str, Any]", said).items():
        pair = cast("list[Any]", counts) if isinstance(counts, list) else []
        if [type(number) for number in pair] != [int, int]:  # a truth value is an int, too
            raise _invalid(f"{phrase!r} does not have two whole numbers")
        marks[phrase] = (pair[0], pair[1])
    return Verdicts(marks)


def _invalid(what: str) -> ModifiersInvalid:
    hint = 'Write likes and dislikes of each phrase: {"soft light": [3, 1]}.'
    return ModifiersInvalid(what, where="likes", hint=hint)
