"""From a theme to jobs, kind by kind: areas, subjects, prompts, checks.

A model names the theme's areas, then subjects within each (`naming`). Each subject's pictures get
what the kind's axes deal (`composing`). A prompt that fails a check is replaced by another one.

Nothing here is drawn from a global source: each draw comes from a generator seeded with what it
belongs to, so one order, one model and the same earlier prompts give the same jobs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .asking import Namer, polish_ask
from .checking import Checks
from .composing import LAST_TRIES, Composer, Polish
from .errors import SubjectsExhausted
from .jobs import Job
from .kinds import Kind, quotas, shares_of
from .naming import Named, Naming, areas
from .seeding import seeded
from .subjects import subject_keys
from .themes import Theme
from .wording import Wording

Progress = Callable[[int, int], None]

ALL_NEW = 60
"""Up to as many pictures of a kind, each shows another subject, if the model knows as many."""
PICTURES = 4
"""Of larger numbers, so many pictures on average show one subject."""
REMEMBERED = 256
"""Earlier prompts that are put into the pool in one go."""
MOST = 0.05
"""The share of a theme's pictures that one subject has at most, if the model knows enough."""


MORE = (
    "Ask for fewer pictures, use a larger language model, write subjects into the theme's file "
    "under seeds, or give the kind more values on its axes."
)
ELSEWHERE = (
    " Subjects of the run's other themes and of earlier runs in the same folder do not come again: "
    "give --run another folder."
)


@dataclass(slots=True)
class PlanReport:
    """How a plan came about.

    Attributes:
        areas: the areas of the theme in which subjects were named.
        subjects: different subjects, by kind.
        calls: of the model; `dry` of them brought nothing new.
        refused: lines and prompts that were replaced, by reason.
        notes: what a person should know, in whole sentences.
    """

    areas: tuple[str, ...] = ()
    subjects: dict[str, int] = field(default_factory=dict[str, int])
    calls: int = 0
    dry: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    notes: list[str] = field(default_factory=list[str])

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"areas": list(self.areas), "refused": dict(self.refused)}


def plan(
    theme: Theme,
    kinds: Sequence[Kind],
    count: int,
    seed: int,
    namer: Namer,
    *,
    wording: Wording,
    checks: Checks,
    exclude: Iterable[str] = (),
    earlier: Sequence[str] = (),
    english: str = "",
    polish: bool = False,
    on_progress: Progress | None = None,
) -> tuple[tuple[Job, ...], PlanReport]:
    """`count` jobs for one theme, kind by kind as given, with no size.

    Args:
        count: 1 or more; split over the kinds by `quotas`.
        seed: any integer.
        checks: what each prompt must pass.
        exclude: subjects that must not come again.
        earlier: prompts to differ from, which are put into the pool of `checks`.
        english: the theme's title in English, where the title itself is not: what the model is
            asked for, and what prompts name.
        polish: the model rewrites each prompt into a sentence, where it can.
        on_progress: called with (jobs made, count) while earlier prompts are read, before the
            first call of the model and after each one; may raise to interrupt.

    Raises:
        SubjectsExhausted: the model and the theme do not know enough for as many pictures.
    """
    if count < 1:
        raise ValueError(f"count is {count}, not 1 or more")
    report = PlanReport()
    taken = {key for subject in exclude for key in subject_keys(subject)}
    taken_before = bool(taken)
    jobs: list[Job] = []

    def tell(done: int) -> None:
        if on_progress:
            on_progress(done, count)

    tell(0)
    for start in range(0, len(earlier), REMEMBERED):
        checks.pool.remember(earlier[start : start + REMEMBERED])
        tell(0)
    asked = replace(theme, title=english) if english else theme
    report.areas = areas(asked, namer, wording, seed, checks.forbidden)
    judge = checks.judge(asked, report.areas, kinds)
    asked = replace(asked, areas=report.areas)
    for kind, wanted in zip(kinds, quotas(count, shares_of(kinds)).values(), strict=True):
        naming = Naming(asked, kind, seed, wording, taken, checks.forbidden, judge)
        polisher = _polisher(namer, wording, seed) if polish else None
        composer = Composer(theme, asked.title, kind, seed, checks, polisher)
        there = len(jobs)
        hint = MORE + (ELSEWHERE if taken_before else "")
        one = _Kind(theme, kind, wanted, count, naming, composer, report, hint)
        jobs += one.jobs(namer, lambda done, there=there: tell(there + done))
    return tuple(jobs), report


class _Kind:
    """The jobs of one kind: subjects are named, used in turn, and more are named while any lack."""

    def __init__(
        self,
        theme: Theme,
        kind: Kind,
        wanted: int,
        count: int,
        naming: Naming,
        composer: Composer,
        report: PlanReport,
        hint: str,
    ) -> None:
        self._theme, self._kind, self._wanted = theme, kind, wanted
        self._most = max(int(count * MOST), 1)
        self._naming, self._composer, self._report = naming, composer, report
        self._hint = hint

    def jobs(self, namer: Namer, tell: Callable[[int], None]) -> list[Job]:
        """As many as wanted. `tell` gets how many there are, or how many subjects for them."""
        jobs: list[Job] = []
        subjects: list[Named] = []

        def found(number: int) -> None:
            tell(len(jobs) + number)

        aim = min(self._wanted, max(ALL_NEW, -(-self._wanted // PICTURES)))
        # More subjects than it takes are worth asking for only while answers bring some.
        thorough = self._wanted <= ALL_NEW
        while len(jobs) < self._wanted:
            new = self._naming.find(aim, namer, found, thorough=thorough)
            jobs += self._composer.compose([*new, *subjects], self._wanted - len(jobs), self._most)
            tell(len(jobs))
            subjects += new
            aim = self._wanted - len(jobs)
            if not new and thorough:
                break
            thorough = thorough or not new
        if len(jobs) < self._wanted:
            jobs += self._composer.compose(
                subjects, self._wanted - len(jobs), self._wanted, LAST_TRIES
            )
            self._note(len(subjects))
        self._close()
        if len(jobs) < self._wanted:
            raise self._exhausted(len(jobs), len(subjects))
        return jobs

    def _note(self, subjects: int) -> None:
        largest = max(self._composer.used.values(), default=0)
        self._report.notes.append(
            f"{self._theme.title}, {self._kind.name}: only {subjects} subjects are known, so "
            f"one of them has {largest} pictures."
        )

    def _close(self) -> None:
        report = self._report
        report.subjects[self._kind.name] = len(+self._composer.used)
        report.calls += self._naming.calls
        report.dry += self._naming.dry
        report.refused += self._naming.refused + self._composer.refused
        if why := self._composer.untitled:
            note = f"{self._theme.title}: the title {why}, so prompts do without it."
            report.notes += [note] if note not in report.notes else []
        if number := self._composer.unpolished:
            report.notes.append(
                f"{self._theme.title}, {self._kind.name}: prompts that stay as composed, since the "
                f"model's sentence lost the subject or failed a check: {number}."
            )

    def _exhausted(self, found: int, subjects: int) -> SubjectsExhausted:
        refused = ", ".join(f"{n} {reason}" for reason, n in self._report.refused.most_common(4))
        return SubjectsExhausted(
            f"{found} prompts of {self._wanted} asked, from {subjects} subjects that came "
            f"up (refused: {refused or 'none'})",
            where=f"theme {self._theme.title!r}, kind {self._kind.name}",
            hint=self._hint,
        )


def _polisher(namer: Namer, wording: Wording, seed: int) -> Polish:
    def polish(prompts: Sequence[tuple[str, str]]) -> list[str | None]:
        asks = [
            polish_ask(prompt, subject, wording, seeded(seed, "polish", prompt).getrandbits(31))
            for prompt, subject in prompts
        ]
        return [" ".join(lines).strip() or None for lines in namer(asks)]

    return polish
