"""Each prompt judged for itself: its theme, its kind, forbidden words, its length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stockwright.core.checking import BUDGET
from stockwright.core.forbidden import Forbidden
from stockwright.core.jobs import Job
from stockwright.core.kinds import Kind
from stockwright.core.themes import Theme
from tests.evalprompts.kindjudge import Encode, KindJudge, seeds_of
from tests.evalprompts.measures import Rows
from tests.evalprompts.themejudge import ThemeJudge
from tests.evalprompts.wordjudge import WordJudge


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one prompt.

    Attributes:
        theme: title of the theme that the prompt is about, by `ThemeJudge.titles`; where the job's
            theme has no file, that of its subject alone.
        plain_theme: by its vector as it is.
        subject_theme: by that of the subject alone.
        kind: the prompt's own, or another that is clearly nearer; "" where it is not judged.
        forbidden: why it cannot be taken by the planner's own list, or "".
        words: what it must not hold by the evaluation's list, or "".
        tokens: CLIP tokens, start and end not counted.
    """

    job: Job
    theme: str
    plain_theme: str
    subject_theme: str
    kind: str
    forbidden: str
    words: str
    tokens: int

    @property
    def on_theme(self) -> bool:
        return self.theme == self.job.theme

    @property
    def over_budget(self) -> bool:
        return self.tokens > BUDGET


class Judge:
    """Args:
    known: the themes that have a file: their seeds and descriptions.
    themes: those that were planned.
    count_tokens: by the real tokenizer.
    """

    def __init__(
        self,
        known: Sequence[Theme],
        themes: Sequence[Theme],
        kinds: Sequence[Kind],
        *,
        encode: Encode,
        forbidden: Forbidden,
        words: WordJudge,
        count_tokens: Callable[[str], int],
    ) -> None:
        self.theme_judge = ThemeJudge((*known, *themes), kinds, encode)
        self._people = {kind.name for kind in kinds if kind.people}
        self._forbidden, self._words = forbidden, words
        self._encode, self._tokens = encode, count_tokens
        self.kind_judge = KindJudge(seeds_of(known), encode)

    def verdicts(self, theme: Theme, jobs: Sequence[Job], rows: Rows) -> list[Verdict]:
        """`rows`: the vectors of the jobs' prompts.

        The prompts of a theme without a file name its title, which is all that it is described by.
        They would be near to it whatever they show; so only their subjects tell.
        """
        subjects = [job.subject for job in jobs]
        asked = [job.kind for job in jobs]
        plain = self.theme_judge.plainly(rows)
        of_subjects = self.theme_judge.plainly(self._encode(subjects))
        themes = self.theme_judge.titles(rows, asked) if theme.about else of_subjects
        kinds = self.kind_judge.clearly(subjects, asked, theme.id)
        people = [job.kind in self._people and theme.people != "no" for job in jobs]
        pairs = list(zip(jobs, people, strict=True))
        refusals = [self._forbidden.reason(j.prompt, people=with_) or "" for j, with_ in pairs]
        words = [self._words.found(j.prompt, people=with_) for j, with_ in pairs]
        tokens = [self._tokens(job.prompt) for job in jobs]
        parts = zip(jobs, themes, plain, of_subjects, kinds, refusals, words, tokens, strict=True)
        return [Verdict(*part) for part in parts]
