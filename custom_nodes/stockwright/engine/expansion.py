"""Continuing a prompt, phrase by phrase, with whatever language model is at hand.

A writer goes on from the text so far. Each phrase is judged as soon as it is complete; at the first
one that is refused the writer stops, and starts again behind the last phrase that was kept. So what
a model writes after a refused phrase (more of the same) never counts, and an expansion always ends
at the end of a phrase.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

from ..core.checking import BUDGET
from .phrases import complete_phrases, credited, is_usable, subject_words

_PATIENCE = 8
"""So many phrases in a row may be refused before the prompt stays as it is."""
_EMPTY = 3
"""So many commas with nothing between them are overlooked."""
_SMALLEST_ROOM = 2
"""Tokens of the shortest phrase with its comma."""


class Writer(Protocol):
    def __call__(
        self, text: str, *, seed: int, temperature: float, avoid: Sequence[str]
    ) -> Iterator[str]:
        """What follows `text`, in pieces, deterministic for the same arguments.

        It does not begin like one of the phrases of `avoid`, where the model has another way. A
        line break means that the model ended the text. An iterator may be closed at any time.
        """
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What an expansion must keep.

    Attributes:
        length: CLIP tokens that may be added at most.
        count_tokens: the CLIP tokens of a text, start and end not counted.
        is_forbidden: whether a text must not be added.
    """

    length: int
    count_tokens: Callable[[str], int]
    is_forbidden: Callable[[str], bool]


def expand(prompt: str, writer: Writer, limits: Limits, *, seed: int, temperature: float) -> str:
    """The prompt with phrases added behind it, all joined by commas.

    It has at most `BUDGET` CLIP tokens; a prompt that fills them already is returned as it is,
    and so is one to which the model has nothing new to add. No phrase repeats what was said before.

    Args:
        seed: from 0 to 2**64 - 1. What else was expanded before makes no difference.
        temperature: above 0; 1 is the model's own distribution.
    """
    draft = _Draft(prompt, limits)
    avoid: list[str] = []
    attempt = 0
    while len(avoid) < _PATIENCE and draft.room >= _SMALLEST_ROOM:
        pieces = writer(
            f"{draft.text},", seed=_mixed(seed, attempt), temperature=temperature, avoid=avoid
        )
        attempt += 1
        kept, refused = _take(draft, pieces)
        if refused is None and draft.added:
            break  # the model ended the text
        # What was refused counts only at the place where it was.
        avoid = [*([] if kept else avoid), refused or ""]
    return draft.text if draft.added else prompt


def _take(draft: _Draft, pieces: Iterator[str]) -> tuple[int, str | None]:
    """How many phrases were kept, and the one that was refused, if any."""
    kept = empty = 0
    with closing(complete_phrases(pieces)) as phrases:
        for phrase in phrases:
            if not phrase and empty < _EMPTY:
                empty += 1
                continue
            if not draft.add(phrase):
                return kept, phrase
            kept += 1
            if draft.room < _SMALLEST_ROOM:
                break
    return kept, None


def _mixed(seed: int, attempt: int) -> int:
    """63 bits that follow from both."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{attempt}".encode()).digest()[:8], "big") >> 1


@dataclass(slots=True)
class _Draft:
    prompt: str
    limits: Limits
    added: list[str] = field(default_factory=list)
    room: int = field(init=False)
    _most: int = field(init=False)
    _said: set[str] = field(init=False)
    _names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        used = self.limits.count_tokens(self.text)
        self.room = min(BUDGET - used, self.limits.length)
        self._most = used + self.room
        self._said = set(subject_words(self.prompt))

    @property
    def text(self) -> str:
        return ", ".join([self.prompt.rstrip(" \t\r\n,;."), *self.added])

    def add(self, phrase: str) -> bool:
        """Adds a phrase, unless it must not be added; whether it was."""
        self._names.update(credited(phrase))  # the model may come back to the name alone
        if not is_usable(phrase, self._said) or self._names.intersection(subject_words(phrase)):
            return False
        # Judged together: what is forbidden may be spread over two phrases.
        if self.limits.is_forbidden(", ".join([*self.added[-1:], phrase])):
            return False
        self.added.append(phrase)
        room = self._most - self.limits.count_tokens(self.text)
        if room < 0:
            self.added.pop()
            return False
        self.room = room
        self._said.update(subject_words(phrase))
        return True
