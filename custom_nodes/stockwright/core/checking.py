"""Checks on a prompt before any picture is made of it, and why one is refused.

| reason | the prompt |
|---|---|
| over budget | does not fit into CLIP's first 75 tokens, even without its last parts |
| people, brands, … | holds a word of that category of `forbidden.yaml` |
| near-duplicate | means nearly the same as one that is in the pool |

and why a subject that a model named is refused before:

| reason | the subject |
|---|---|
| unknown word | holds a word that CLIP has to spell and the encoder does not know: "caravagging" |
| off theme | is nearer to what other themes are about than to this one |
| same subject | means nearly the same as another one of the theme |

All of them only where there is a sentence encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from .forbidden import Forbidden
from .kinds import Kind
from .naming import Judge
from .subjects import words_of
from .themes import Theme

BUDGET = 75
"""CLIP reads 77 tokens at once; the first and the last one mark start and end."""

SPELLED = 3
"""CLIP tokens of a word from which it may be unknown. Of the 1,414 words in the shipped themes'
seeds 20 have as many, and so have most made-up ones."""

OVER_BUDGET = "over budget"
UNKNOWN_WORD = "unknown word"
NEAR_DUPLICATE = "near-duplicate"
OFF_THEME = "off theme"
SAME_SUBJECT = "same subject"


class Pool(Protocol):
    """The texts of a pool. `engine.encoder.Pool` compares what they mean."""

    def remember(self, texts: Sequence[str]) -> None:
        """Puts texts into the pool without looking at them."""
        ...

    def admit(self, texts: Sequence[str]) -> list[tuple[float, str] | None]:
        """Puts each text into the pool in turn, unless one that is there is too near to it.

        Returns:
            For each text None, or how near (a cosine) and the text that is near.
        """
        ...


class SameWords:
    """A pool for where there is no sentence encoder: the same words in any order are too near."""

    def __init__(self) -> None:
        self._texts: dict[frozenset[str], str] = {}

    def remember(self, texts: Sequence[str]) -> None:
        self.admit(texts)

    def admit(self, texts: Sequence[str]) -> list[tuple[float, str] | None]:
        answers: list[tuple[float, str] | None] = []
        for text in texts:
            key = frozenset(words_of(text))
            other = self._texts.get(key)
            answers.append(None if other is None else (1.0, other))
            self._texts.setdefault(key, text)
        return answers


@dataclass(frozen=True, slots=True)
class Checks:
    """What subjects and prompts must pass.

    Attributes:
        pool: the prompts that one must differ from; those that pass are put into it.
        count_tokens: CLIP tokens of a text.
        judge_of: gives for a theme, with its areas, what says of new subjects why they are
            refused, or None of each.
        knows: whether a word (in the singular, lower case) is one of the encoder's own.
    """

    forbidden: Forbidden
    pool: Pool
    count_tokens: Callable[[str], int]
    judge_of: Callable[[Theme], Judge] | None = None
    knows: Callable[[str], bool] | None = None

    def judge(self, theme: Theme, areas: tuple[str, ...], kinds: Sequence[Kind]) -> Judge:
        """What judges the subjects that a model names within these areas of a theme."""
        seeds = [seed for _, named in theme.seeds for seed in named]
        endings = [ending for kind in kinds for ending in kind.endings]
        texts = [theme.title, theme.about, *theme.areas, *seeds, *endings]
        familiar = set(words_of(" ".join(texts)))
        belongs = self.judge_of(replace(theme, areas=areas)) if self.judge_of else None

        def judged(subjects: Sequence[str]) -> list[str | None]:
            made_up = [any(map(self._is_made_up, {*words_of(s)} - familiar)) for s in subjects]
            left = [s for s, unknown in zip(subjects, made_up, strict=True) if not unknown]
            reasons = iter(belongs(left) if belongs and left else [None] * len(left))
            return [UNKNOWN_WORD if unknown else next(reasons) for unknown in made_up]

        return judged

    def _is_made_up(self, word: str) -> bool:
        return bool(self.knows) and self.count_tokens(word) >= SPELLED and not self.knows(word)

    def fitted(self, prompt: str) -> str | None:
        """The prompt within the budget, without as many of its last parts (between commas) as it
        takes; None where its first part alone is too long."""
        parts = prompt.split(", ")
        while parts:
            text = ", ".join(parts)
            if self.count_tokens(text) <= BUDGET:
                return text
            parts.pop()
        return None

    def refusal(self, prompt: str, *, people: bool) -> str | None:
        """Why a prompt cannot be taken, whatever else is in the pool; or None."""
        if self.count_tokens(prompt) > BUDGET:
            return OVER_BUDGET
        return self.forbidden.reason(prompt, people=people)
