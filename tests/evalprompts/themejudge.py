"""Which theme a prompt is about: the one whose description is nearest by its sentence embedding.

Most words of a prompt say how the picture is made, and are the same for all themes: "stone",
"golden hour" and "wide surroundings" alone are nearest to a theme about travel. So that direction,
the mean vector of a kind's prompts without subject and theme, is first taken out of prompts and
descriptions. `agreement` tells how good the judge is then; `plainly` judges without that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stockwright.core.axes import Dealer
from stockwright.core.kinds import Kind
from stockwright.core.seeding import seeded
from stockwright.core.themes import Theme
from tests.evalprompts.kindjudge import Encode
from tests.evalprompts.measures import Rows, Share, nearest, share

STYLES = 32
"""Prompts of a kind without a subject, whose mean is its direction."""
SUBJECTS = 3
"""Seeds of each theme and kind by which the judge is tried."""


class ThemeJudge:
    """Args:
    themes: those a prompt may be about. One without a file is described by its title alone.
    """

    def __init__(self, themes: Sequence[Theme], kinds: Sequence[Kind], encode: Encode) -> None:
        self._themes = tuple({theme.title: theme for theme in themes}.values())
        self._kinds, self._encode = kinds, encode
        self._descriptions = encode([describe(theme) for theme in self._themes])
        self._styles = {kind.name: self._style(kind) for kind in kinds}

    def plainly(self, rows: Rows) -> list[str]:
        """Titles of the themes nearest to the vectors as they are."""
        return [self._themes[place].title for place in nearest(rows, self._descriptions)]

    def titles(self, rows: Rows, kinds: Sequence[str]) -> list[str]:
        """Titles of the nearest themes. `kinds`: of each prompt, all of them known."""
        found = [""] * len(kinds)
        for kind in dict.fromkeys(kinds):
            style = self._styles[kind]
            places = [place for place, name in enumerate(kinds) if name == kind]
            near = nearest(_without(rows[places], style), _without(self._descriptions, style))
            for place, theme in zip(places, near, strict=True):
                found[place] = self._themes[theme].title
        return found

    def agreement(self) -> tuple[Share, Share]:
        """Of prompts composed by hand-written subjects, how many are of their theme, and how many
        of those into which a subject of the next theme was put."""
        written = [theme for theme in self._themes if theme.seeds]
        own = self._tried([(theme, theme) for theme in written])
        others = [*written[1:], *written[:1]]
        wrong = self._tried(list(zip(written, others, strict=True)) if others != written else [])
        return own, wrong

    def agreement_by_title(self) -> tuple[Share, Share]:
        """As `agreement`, of subjects alone, each judged as if its theme had no file: described by
        its title, among the others as they are."""
        own, wrong = Share(0, 0), Share(0, 0)
        written = [theme for theme in self._themes if theme.seeds]
        others = [*written[1:], *written[:1]]
        for theme, other in zip(written, others, strict=True):
            place = self._themes.index(theme)
            targets = self._descriptions.copy()
            targets[place] = self._encode([theme.title])[0]
            own += self._nearest_to(place, targets, theme)
            if other is not theme:
                wrong += self._nearest_to(place, targets, other)
        return own, wrong

    def _nearest_to(self, place: int, targets: Rows, source: Theme) -> Share:
        """How many of a theme's seeds are nearest to the target at this place."""
        seeds = [subject for kind in self._kinds for subject in _sample(source, kind)]
        if not seeds:
            return Share(0, 0)
        near = nearest(self._encode(seeds), targets)
        return share([found == place for found in near])

    def _tried(self, pairs: Sequence[tuple[Theme, Theme]]) -> Share:
        """How many are of their theme. `pairs`: a theme, and the one whose seeds it is given."""
        prompts: list[str] = []
        asked: list[tuple[str, str]] = []
        for theme, source in pairs:
            for kind in self._kinds:
                dealer = Dealer(kind.axes, kind.clashes, seeded("trial", theme.id, kind.name))
                for subject in _sample(source, kind):
                    drawn = dealer.deal(subject) or {}
                    prompts.append(kind.compose(subject, theme.title.lower(), drawn, theme.look))
                    asked.append((theme.title, kind.name))
        if not prompts:
            return Share(0, 0)
        titles = self.titles(self._encode(prompts), [kind for _, kind in asked])
        return Share(sum(t == a for t, (a, _) in zip(titles, asked, strict=True)), len(prompts))

    def _style(self, kind: Kind) -> Rows:
        dealer = Dealer(kind.axes, kind.clashes, seeded("style", kind.name))
        dealt = [drawn for _ in range(STYLES) if (drawn := dealer.deal("")) is not None]
        texts = [text for drawn in dealt if (text := kind.compose("", "", drawn))]
        if not texts:  # a prompt that is its subject and no more
            return np.zeros(self._descriptions.shape[1], np.float32)
        mean = self._encode(texts).mean(axis=0)
        return mean / np.linalg.norm(mean)


def _sample(theme: Theme, kind: Kind) -> list[str]:
    """SUBJECTS seeds of a theme and kind, or all if there are fewer."""
    seeds = theme.seeds_of(kind.name)
    rng = seeded("sample", theme.id, kind.name)
    return rng.sample(seeds, min(SUBJECTS, len(seeds)))


def describe(theme: Theme) -> str:
    return f"{theme.title}: {theme.about}" if theme.about else theme.title


def _without(rows: Rows, style: Rows) -> Rows:
    """Rows of length 1 again, with nothing of a direction left in them."""
    left = rows - np.outer(rows @ style, style)
    return left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-9)
