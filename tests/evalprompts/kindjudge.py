"""Which kind a subject is of, by a judge that knows nothing of the planner's word lists.

A linear classifier (least squares on targets of -1 and 1, with a ridge) on the vectors of a subject
and of its last word, learnt from the seed subjects of the theme files. What a theme's own file says
never judges that theme. Nearest neighbours do worse: they agree with 90 % of the seeds, this with
96 %, each theme's seeds judged by those of the others.

Many a subject suits two kinds: a shopping mall is seen from inside and from outside. So a subject
is of the wrong kind only where another one is clearly nearer; `agreement` tells how good that is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stockwright.core.themes import Theme
from tests.evalprompts.measures import Rows, Share

KINDS = ("interiors", "exteriors", "items")
"""The kinds that are judged: those of which the theme files have seeds."""
MARGIN = 1 / 3
"""By how much another kind must be nearer, of the 2 between the targets."""
RIDGE = 1.0

Encode = Callable[[Sequence[str]], Rows]


@dataclass(frozen=True, slots=True)
class Seed:
    theme: str
    """The id."""
    kind: str
    subject: str


def seeds_of(themes: Sequence[Theme]) -> list[Seed]:
    return [
        Seed(theme.id, kind, subject)
        for theme in themes
        for kind in KINDS
        for subject in theme.seeds_of(kind)
    ]


class KindJudge:
    def __init__(self, seeds: Sequence[Seed], encode: Encode) -> None:
        self._seeds, self._encode = seeds, encode
        self._rows = self._features([seed.subject for seed in seeds])
        self._targets = np.array([[1.0 if s.kind == k else -1.0 for k in KINDS] for s in seeds])
        self._themes = np.array([seed.theme for seed in seeds], str)

    def clearly(self, subjects: Sequence[str], kinds: Sequence[str], theme: str) -> list[str]:
        """For each subject its kind, or another one that is clearly nearer; "" if not judged.

        Args:
            kinds: of which the subjects are meant to be; of other kinds than KINDS none is judged.
            theme: the id of their theme, whose seeds do not count.
        """
        judged = [n for n, kind in enumerate(kinds) if kind in KINDS]
        found = [""] * len(subjects)
        others = self._themes != theme
        if not judged or not others.any():
            return found
        scores = self._scores(self._features([subjects[n] for n in judged]), others)
        for n, row in zip(judged, scores, strict=True):
            found[n] = _clear(row, kinds[n])
        return found

    def agreement(self) -> tuple[Share, Share]:
        """Of the seeds, each theme's judged by the others': how many are taken under their own
        kind, and how many under another one (of which there are two for each)."""
        own = other = judged = 0
        for theme in dict.fromkeys(seed.theme for seed in self._seeds):
            here = self._themes == theme
            if here.all():
                continue
            scores = self._scores(self._rows[here], ~here)
            for row, target in zip(scores, self._targets[here], strict=True):
                taken = [_clear(row, kind) == kind for kind in KINDS]
                own += taken[int(target.argmax())]
                other += sum(taken) - taken[int(target.argmax())]
                judged += 1
        return Share(own, judged), Share(other, judged * (len(KINDS) - 1))

    def _features(self, subjects: Sequence[str]) -> Rows:
        last = [subject.split()[-1] for subject in subjects]
        return np.hstack([self._encode(subjects), self._encode(last)]) / np.sqrt(2)

    def _scores(self, rows: Rows, learnt: np.ndarray) -> np.ndarray:
        """How much each row is of each of KINDS, about -1 to 1, by the seeds in the mask."""
        seeds, targets = self._rows[learnt], self._targets[learnt]
        middle, mean = seeds.mean(axis=0), targets.mean(axis=0)
        centred = seeds - middle
        ridge = RIDGE * np.eye(centred.shape[1])
        weights = np.linalg.solve(centred.T @ centred + ridge, centred.T @ (targets - mean))
        return (rows - middle) @ weights + mean


def _clear(scores: np.ndarray, kind: str) -> str:
    best = int(scores.argmax())
    return KINDS[best] if scores[best] - scores[KINDS.index(kind)] > MARGIN else kind
