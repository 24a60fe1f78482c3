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


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one prompt.

    Attributes:
        theme: title of the theme that the prompt is about, by `ThemeJudge.titles`.
        plain_theme: by its vector as it is.
        subject_theme: by that of the subject alone.
        kind: the prompt's own, or another that is clearly nearer; "" where it is not judged.
        forbidden: why it cannot be taken, or "".
        tokens: CLIP tokens, start and end not counted.
    """

    job: Job
    theme: str
    plain_theme: str
    subject_theme: str
    kind: str
    forbidden: str
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
        count_tokens: Callable[[str], int],
    ) -> None:
        self.theme_judge = ThemeJudge((*known, *themes), kinds, encode)
        self._people = {kind.name for kind in kinds if kind.people}
        self._encode, self._forbidden, self._tokens = encode, forbidden, count_tokens
        self.kind_judge = KindJudge(seeds_of(known), encode)

    def verdicts(self, theme: Theme, jobs: Sequence[Job], rows: Rows) -> list[Verdict]:
        """`rows`: the vectors of the jobs' prompts."""
        subjects = [job.subject for job in jobs]
        asked = [job.kind for job in jobs]
        themes = self.theme_judge.titles(rows, asked)
        plain = self.theme_judge.plainly(rows)
        of_subjects = self.theme_judge.plainly(self._encode(subjects))
        kinds = self.kind_judge.clearly(subjects, asked, theme.id)
        refusals = [self._refusal(theme, job) for job in jobs]
        tokens = [self._tokens(job.prompt) for job in jobs]
        parts = zip(jobs, themes, plain, of_subjects, kinds, refusals, tokens, strict=True)
        return [Verdict(*part) for part in parts]

    def _refusal(self, theme: Theme, job: Job) -> str:
        people = job.kind in self._people and theme.people != "no"
        return self._forbidden.reason(job.prompt, people=people) or ""
