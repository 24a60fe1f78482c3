"""From subjects to prompts: what a kind's axes deal, checked, and dealt again where refused."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from .asking import loops
from .axes import Dealer
from .checking import NEAR_DUPLICATE, OVER_BUDGET, Checks
from .jobs import Job
from .kinds import SUBJECT_WORDS, Kind
from .naming import Named
from .seeding import seeded
from .subjects import without_accents
from .themes import Theme

AT_ONCE = 32
"""Prompts that are checked in one go."""
TRIES = 4
"""Deals in a row that may be refused before a subject is left out, while there are others."""
LAST_TRIES = 40
"""The same where there are no others."""

Polish = Callable[[Sequence[tuple[str, str]]], list[str | None]]
"""(prompt, subject) pairs to fluent sentences; None where the model wrote nothing of use."""


@dataclass(slots=True)
class _Draft:
    named: Named
    drawn: dict[str, str]
    prompt: str


class Composer:
    """Makes the jobs of one theme and kind, each subject in turn.

    Args:
        title: the theme's, in English if there is such a one. Prompts name it where they can.

    Attributes:
        untitled: why prompts do without the title, or "".
        refused: how many prompts were refused, by reason.
        unpolished: how many stay as composed, since the model's sentence was of no use.
        used: jobs of each subject.
    """

    def __init__(
        self,
        theme: Theme,
        title: str,
        kind: Kind,
        seed: int,
        checks: Checks,
        polish: Polish | None,
    ) -> None:
        self._theme, self._kind, self._seed = theme, kind, seed
        self._checks, self._polish = checks, polish
        self._people = kind.people and theme.people != "no"
        plain = without_accents(title).lower()
        self.untitled = self._why_untitled(plain)
        self._title = "" if self.untitled else plain
        self._dealer = Dealer(kind.axes, kind.clashes, seeded(seed, theme.id, kind.name, "axes"))
        self.refused: Counter[str] = Counter()
        self.unpolished = 0
        self.used: Counter[str] = Counter()

    def compose(
        self, subjects: Iterable[Named], wanted: int, most: int, most_tries: int = TRIES
    ) -> list[Job]:
        """Up to `wanted` jobs, one of each subject in turn until each has `most` in all.

        Fewer where every subject has its share, or was refused `most_tries` times in a row.
        """
        waiting = deque(subjects)
        tries: Counter[str] = Counter()
        jobs: list[Job] = []
        while waiting and len(jobs) < wanted:
            drafts: list[_Draft] = []
            while waiting and len(drafts) < min(AT_ONCE, wanted - len(jobs)):
                named = waiting.popleft()
                if self.used[named.subject] < most and (draft := self._draft(named)):
                    drafts.append(draft)
            for draft, passed in zip(drafts, self._pass(drafts), strict=True):
                subject = draft.named.subject
                if passed:
                    jobs.append(self._job(draft))
                    tries[subject] = 0
                    waiting.append(draft.named)
                else:
                    self._dealer.take_back(draft.drawn)
                    tries[subject] += 1
                    if tries[subject] < most_tries:
                        waiting.appendleft(draft.named)
        return jobs

    def _draft(self, named: Named) -> _Draft | None:
        """The next prompt of a subject; None where all its combinations were dealt."""
        drawn = self._dealer.deal(named.subject)
        if drawn is None:
            return None
        prompt = self._kind.compose(named.subject, self._title, drawn, self._theme.look)
        return _Draft(named, drawn, prompt)

    def _pass(self, drafts: list[_Draft]) -> list[bool]:
        """Which drafts may become jobs; prompts are cut to the budget, and polished."""
        passed = [self._fit(draft) for draft in drafts]
        fitting = [draft for draft, ok in zip(drafts, passed, strict=True) if ok]
        if self._polish:
            self._apply(fitting, self._polish)
        answers = iter(self._checks.pool.admit([draft.prompt for draft in fitting]))
        result = [ok and next(answers) is None for ok in passed]
        self.refused[NEAR_DUPLICATE] += sum(passed) - sum(result)
        return result

    def _fit(self, draft: _Draft) -> bool:
        fitted = self._checks.fitted(draft.prompt)
        if fitted is None:
            self.refused[OVER_BUDGET] += 1
            return False
        draft.prompt = fitted
        if reason := self._checks.refusal(fitted, people=self._people):
            self.refused[reason] += 1
            return False
        return True

    def _apply(self, drafts: list[_Draft], polish: Polish) -> None:
        written = polish([(draft.prompt, draft.named.subject) for draft in drafts])
        for draft, sentence in zip(drafts, written, strict=True):
            plain = without_accents(sentence or "")
            if self._holds(plain, draft.named.subject):
                draft.prompt = plain
            else:
                self.unpolished += 1

    def _holds(self, sentence: str, subject: str) -> bool:
        """Whether a sentence still names the subject, in English letters, and passes the checks."""
        named = subject in sentence.casefold() and not loops(sentence)
        readable = sentence.isascii() and sentence.isprintable()
        return named and readable and not self._checks.refusal(sentence, people=self._people)

    def _why_untitled(self, title: str) -> str:
        """SDXL's text encoders can use a title that is English, and short."""
        if not title.isascii():
            return "is not in English, and nothing here translates it"
        if len(title.split()) > SUBJECT_WORDS:
            return f"has more than {SUBJECT_WORDS} words"
        reason = self._checks.forbidden.reason(title, people=self._people)
        return f"holds what forbidden.yaml has under {reason}" if reason else ""

    def _job(self, draft: _Draft) -> Job:
        subject = draft.named.subject
        self.used[subject] += 1
        rng: Random = seeded(
            self._seed, self._theme.id, self._kind.name, subject, self.used[subject]
        )
        return Job.create(
            theme=self._theme.title,
            kind=self._kind.name,
            subject=subject,
            prompt=draft.prompt,
            negative=", ".join(self._kind.negative),
            seed=rng.getrandbits(53),  # what the canvas, which counts in doubles, keeps exactly
            origin=draft.named.origin,
            axes=tuple(draft.drawn.items()),
        )
