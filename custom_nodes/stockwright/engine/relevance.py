"""Whether a subject belongs to a theme, and is another one, by what it means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..core.checking import OFF_THEME, SAME_SUBJECT
from ..core.themes import Theme
from .encoder import Pool, SentenceEncoder

NEAREST = 3
"""A theme is as near to a subject as the mean cosine of so many of its nearest phrases."""
LEEWAY = 0.05
"""How much nearer another theme may be. Measured on the 1,549 seeds of the shipped themes: of a
theme's own 21 % are refused, of another theme's 92 %."""
FEW = 25
"""Phrases. A theme with fewer is not compared with others, which would nearly always be nearer."""
FAR = 0.25
"""The cosine to the title of such a theme (its areas come from a model, and drift) below which a
subject does not belong to it; to the nearest phrase where the title is not in English letters."""
SAME = 0.88
"""The cosine from which two subjects of a theme are the same: "film theater", "movie theater"."""


class Judge:
    """Judges the subjects of one theme, as `core.naming.Judge`; each that passes is remembered.

    Args:
        theme: with its areas, whoever named them.
        others: the themes that there are.
    """

    def __init__(self, encoder: SentenceEncoder, theme: Theme, others: Iterable[Theme]) -> None:
        self._encoder = encoder
        self._own = encoder.vectors(phrases_of(theme))
        self._telling = 1 if theme.title.isascii() else None
        self._others = [
            encoder.vectors(phrases_of(other)) for other in others if other.id != theme.id
        ]
        self._subjects = Pool(encoder, SAME)
        self._subjects.remember([seed for _, seeds in theme.seeds for seed in seeds])

    def __call__(self, subjects: Sequence[str]) -> list[str | None]:
        vectors = self._encoder.vectors(subjects)
        fitting = [
            subject
            for subject, vector in zip(subjects, vectors, strict=True)
            if self._belongs(vector)
        ]
        answers = dict(zip(fitting, self._subjects.admit(fitting), strict=True))
        return [
            OFF_THEME if subject not in answers else SAME_SUBJECT if answers[subject] else None
            for subject in subjects
        ]

    def _belongs(self, vector: np.ndarray) -> bool:
        if len(self._own) < FEW:
            return bool((self._own[: self._telling] @ vector).max() >= FAR)
        nearest = max((_nearness(other @ vector) for other in self._others), default=0.0)
        return _nearness(self._own @ vector) >= nearest - LEEWAY


def phrases_of(theme: Theme) -> list[str]:
    """What a theme is about, in many short phrases."""
    about = [phrase.strip() for phrase in theme.about.split(",") if phrase.strip()]
    return list(dict.fromkeys([theme.title.lower(), *about, *theme.areas]))


def _nearness(cosines: np.ndarray) -> float:
    return float(np.sort(cosines)[-NEAREST:].mean())
