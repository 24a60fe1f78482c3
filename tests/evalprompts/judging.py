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
from tests.evalprompts.measures import Rows, nearest


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one prompt.

    Attributes:
        theme: title of the theme whose description is nearest to the prompt.
        subject_theme: the same for the subject alone.
        kind: the prompt's own, or another that is clearly nearer; "" where it is not judged.
        forbidden: why it cannot be taken, or "".
        tokens: CLIP tokens, start and end not counted.
    """

    job: Job
    theme: str
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
    themes: those that were planned. One without a file is described by its title alone.
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
        described = {theme.title: describe(theme) for theme in (*known, *themes)}
        self._titles = tuple(described)
        self._descriptions = encode(list(described.values()))
        self._people = {kind.name for kind in kinds if kind.people}
        self._encode, self._forbidden, self._tokens = encode, forbidden, count_tokens
        self.kind_judge = KindJudge(seeds_of(known), encode)

    def verdicts(self, theme: Theme, jobs: Sequence[Job], rows: Rows) -> list[Verdict]:
        """`rows`: the vectors of the jobs' prompts."""
        subjects = [job.subject for job in jobs]
        themes = self._nearest(rows)
        of_subjects = self._nearest(self._encode(subjects))
        kinds = self.kind_judge.clearly(subjects, [job.kind for job in jobs], theme.id)
        return [
            Verdict(
                job, near, near_subject, kind, self._refusal(theme, job), self._tokens(job.prompt)
            )
            for job, near, near_subject, kind in zip(jobs, themes, of_subjects, kinds, strict=True)
        ]

    def _nearest(self, rows: Rows) -> list[str]:
        return [self._titles[place] for place in nearest(rows, self._descriptions)]

    def _refusal(self, theme: Theme, job: Job) -> str:
        people = job.kind in self._people and theme.people != "no"
        return self._forbidden.reason(job.prompt, people=people) or ""


def describe(theme: Theme) -> str:
    return f"{theme.title}: {theme.about}" if theme.about else theme.title
