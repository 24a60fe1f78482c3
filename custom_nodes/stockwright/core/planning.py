"""From a theme to jobs: a model names subjects, the kind adds camera, light and material words.

Nothing here is drawn from a global source: each draw comes from a `random.Random` seeded with what
it belongs to (seed, theme, kind, subject), so one seed and one model give the same jobs, and a
subject has the same prompt and seed whatever else is in the order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from random import Random

from .asking import TOKENS_PER_LINE, Ask, Namer, grammar, listed
from .errors import SubjectsExhausted
from .jobs import Job
from .kinds import SUBJECT_WORDS, Kind, quotas, shares_of
from .subjects import Sieve, subject_keys
from .themes import Theme
from .wording import Wording

Progress = Callable[[int, int], None]


def plan(
    theme: Theme,
    kinds: Sequence[Kind],
    count: int,
    seed: int,
    namer: Namer,
    *,
    wording: Wording,
    exclude: Iterable[str] = (),
    on_progress: Progress | None = None,
) -> tuple[Job, ...]:
    """`count` jobs for one theme, kind by kind as given, with no size; no subject comes twice.

    Args:
        count: 1 or more; split over the kinds by `quotas`.
        seed: any integer.
        exclude: subjects that must not come again.
        on_progress: called with (subjects found, count) before the first call of the model and
            after each one; may raise to interrupt.

    Raises:
        SubjectsExhausted: the model cannot name enough distinct subjects.
    """
    if count < 1:
        raise ValueError(f"count is {count}, not 1 or more")
    taken = {key for subject in exclude for key in subject_keys(subject)}

    def report(done: int) -> None:
        if on_progress:
            on_progress(done, count)

    report(0)
    jobs: list[Job] = []
    for kind, wanted in zip(kinds, quotas(count, shares_of(kinds)).values(), strict=True):
        done = len(jobs)
        subjects = _Naming(theme, kind, seed, wording, taken).find(
            wanted, namer, lambda found, done=done: report(done + found)
        )
        jobs += [_job(theme, kind, subject, seed) for subject in subjects]
    return tuple(jobs)


class _Naming:
    """Asks for the subjects of one kind until there are enough. `taken` (keys) grows with them."""

    def __init__(
        self, theme: Theme, kind: Kind, seed: int, wording: Wording, taken: set[str]
    ) -> None:
        self.theme, self.kind, self.wording, self.taken = theme, kind, wording, taken
        self.rng = _rng(seed, theme.id, kind.name)
        own = subject_keys(theme.title)
        self.examples = [e for e in kind.examples if own.isdisjoint(subject_keys(e[0]))]
        # Small models carry the theme of the worked examples over.
        elsewhere = [title for title, _ in self.examples]
        self.sieve = Sieve(
            kind,
            unwanted=wording.unwanted,
            loose=wording.loose,
            avoid=[*_phrases(theme.avoid), *elsewhere],
        )
        about = _phrases(theme.about)
        self.belongs = [phrase for phrase in about if self.sieve.suits(phrase)] or about
        # Whatever is the same in each call stays at its head: a model reads that only once.
        self.topic = f"{theme.title} ({', '.join(self.belongs[:6])})" if about else theme.title
        self.shown_elsewhere = {
            key for _, subjects in self.examples for s in subjects for key in subject_keys(s)
        }

    def find(self, wanted: int, namer: Namer, report: Callable[[int], None]) -> list[str]:
        found: list[str] = []
        dry = 0
        while len(found) < wanted:
            if dry == self.wording.patience:
                raise self._exhausted(len(found), wanted)
            before = len(found)
            for line in namer(self._ask(found, wanted - len(found), dry)):
                subject = self.sieve.subject(line)
                if subject and len(found) < wanted and self._is_new(subject):
                    found.append(subject)
            dry = 0 if len(found) > before else dry + 1
            report(len(found))
        return found

    def _is_new(self, subject: str) -> bool:
        keys = subject_keys(subject)
        if keys & self.taken or keys & self.shown_elsewhere:
            return False
        self.taken |= keys
        return True

    def _ask(self, found: list[str], missing: int, dry: int) -> Ask:
        """The next call: other letters and another seed each time; hotter and from another angle
        the longer nothing new has come."""
        wording = self.wording
        # A few more lines than are missing: some will be refused.
        lines = min(wording.lines, missing + 3)
        shown = self.rng.sample(found, min(len(found), wording.shown))
        if not shown:
            shown = self.rng.sample(self.belongs, min(len(self.belongs), 2))
        opening = listed(shown)
        return Ask(
            system=wording.system,
            turns=tuple(
                (self._question(theme, ""), listed(subjects)) for theme, subjects in self.examples
            ),
            question=self._question(self.topic, self._angle(dry)),
            opening=opening,
            grammar=grammar(self._starts(lines)),
            max_tokens=lines * TOKENS_PER_LINE,
            temperature=min(
                wording.temperature + dry * wording.temperature_step, wording.temperature_max
            ),
            seed=self.rng.getrandbits(31),
        )

    def _starts(self, lines: int) -> list[str]:
        letters = self.wording.starts
        return ["".join(self.rng.sample(letters, len(letters) // 2)) for _ in range(lines)]

    def _angle(self, dry: int) -> str:
        angles = self.wording.angles
        return angles[(dry - 1) % len(angles)] if dry and angles else ""

    def _question(self, theme: str, angle: str) -> str:
        return self.wording.question.format(theme=theme, ask=f"{angle} {self.kind.ask}".strip())

    def _exhausted(self, found: int, wanted: int) -> SubjectsExhausted:
        return SubjectsExhausted(
            f"the model named {found} distinct subjects of {wanted} asked",
            where=f"theme {self.theme.title!r}, kind {self.kind.name}",
            hint="Ask for fewer pictures, use a larger language model, or describe the theme "
            "under the key about of its file.",
        )


def _job(theme: Theme, kind: Kind, subject: str, seed: int) -> Job:
    rng = _rng(seed, theme.id, kind.name, subject)
    # Only what SDXL's text encoders read: English, and short.
    named = theme.title.lower() if theme.title.isascii() else ""
    if len(named.split()) > SUBJECT_WORDS:
        named = ""
    return Job.create(
        theme=theme.title,
        kind=kind.name,
        subject=subject,
        prompt=kind.compose(subject, named, rng),
        negative=", ".join(kind.negative),
        seed=rng.getrandbits(53),  # what the canvas, which counts in doubles, keeps exactly
    )


def _phrases(text: str) -> list[str]:
    return [phrase for phrase in (p.strip(" .") for p in text.split(",")) if phrase]


def _rng(*parts: object) -> Random:
    text = json.dumps(parts, ensure_ascii=False)
    return Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))
