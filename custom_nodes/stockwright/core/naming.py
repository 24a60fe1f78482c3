"""From a theme to subjects, in two levels: areas of the theme, then subjects within each.

Subjects are asked for in rounds of a few calls that do not depend on each other. Each call is about
the next area, in an order that the seed shuffles. When a round brings nothing new:

| rounds in a row | the next one |
|---|---|
| 1 | asks about the same areas again, hotter |
| 2 | is hotter still and goes on to the next areas |
| 3 and more | also asks in other words (`Wording.angles`) |

An area that stayed dry is asked hotter and in other words by itself.

Every second subject is a seed of the theme's file, while it has any. After `Wording.patience` calls
in a row without a new subject come all that are left of them, and then there are no more. Where
subjects come again anyway (`thorough=False`), a call that brings something makes up for one that
does not, instead of for all before it: a model that knows little is left earlier.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from random import Random

from .asking import TOKENS_PER_LINE, Ask, Namer, grammar, listed
from .forbidden import Forbidden
from .kinds import Kind
from .seeding import seeded
from .subjects import Sieve, is_spelled, subject_keys, tidied
from .themes import Theme
from .wording import Wording

FROM_FILE = "theme file"
REPEATED = f"{FROM_FILE}, repeated by the model"
"""The model is shown seeds of the file; one that it says again is not its own."""
KNOWN = "named before"
"""The reason for which a subject that is not new is refused."""

Judge = Callable[[Sequence[str]], list[str | None]]

_FEWEST_LINES = 5
_AREA_CALLS = 3
_AREA_WORDS = 3
_ANGLES_FROM = 3


@dataclass(frozen=True, slots=True)
class Named:
    """A subject, and how it came about: "model, area kindergarten, call 3, temperature 0.88",
    FROM_FILE or REPEATED."""

    subject: str
    origin: str


@dataclass(frozen=True, slots=True)
class _Call:
    ask: Ask
    area: str
    angle: str

    def origin(self, number: int) -> str:
        area = f", area {self.area}" if self.area else ""
        angle = f", asked for {self.angle}" if self.angle else ""
        return f"model{area}, call {number}, temperature {self.ask.temperature:.2f}{angle}"


def areas(
    theme: Theme, namer: Namer, wording: Wording, seed: int, forbidden: Forbidden
) -> tuple[str, ...]:
    """The areas in the theme's file, and as many more from the model as `wording.areas` lacks.

    Fewer where the model does not know as many.
    """
    found = list(theme.areas)
    rng = seeded(seed, theme.id, "areas")
    sieve = Sieve(None, unwanted=wording.unwanted, loose=wording.loose, avoid=phrases(theme.avoid))
    taken = {k for name in (theme.title, *theme.aliases, *found) for k in subject_keys(name)}
    for _ in range(_AREA_CALLS):
        missing = wording.areas - len(found)
        if missing <= 0:
            break
        (lines,) = namer([_areas_ask(theme, wording, found, missing, rng)])
        for area in map(tidied, lines):
            keys = subject_keys(area)
            if keys & taken or sieve.refusal(area) or forbidden.reason(area):
                continue
            taken |= keys
            found.append(area)
    return tuple(found if len(theme.areas) >= wording.areas else found[: wording.areas])


class Naming:
    """Names the subjects of one theme and kind. `find` may be called again for more of them.

    Args:
        theme: with the areas to ask about; none are needed.
        taken: keys of subjects that must not come; grows with those that are found.
        judge: says of new subjects why they are refused, or None of each; they come to it once.

    Attributes:
        calls: of the model; `dry` of them brought nothing new.
        refused: lines that were not taken, by reason: those of `Sieve`, categories of
            `Forbidden`, KNOWN.
    """

    def __init__(
        self,
        theme: Theme,
        kind: Kind,
        seed: int,
        wording: Wording,
        taken: set[str],
        forbidden: Forbidden,
        judge: Judge | None = None,
    ) -> None:
        self._judge = judge
        self.calls = self.dry = 0
        self.refused: Counter[str] = Counter()
        self._theme, self._kind, self._wording = theme, kind, wording
        self._taken, self._forbidden = taken, forbidden
        self._people = kind.people and theme.people != "no"
        self._rng = seeded(seed, theme.id, kind.name)
        own = subject_keys(theme.title)
        self._examples = [e for e in kind.examples if own.isdisjoint(subject_keys(e[0]))]
        # Small models carry the theme of the worked examples over.
        elsewhere = [title for title, _ in self._examples]
        self._sieve = Sieve(
            kind,
            unwanted=wording.unwanted,
            loose=wording.loose,
            avoid=[*phrases(theme.avoid), *elsewhere],
        )
        self._shown_elsewhere = {
            key for _, subjects in self._examples for s in subjects for key in subject_keys(s)
        }
        self._seeds = list(filter(is_spelled, map(tidied, theme.seeds_of(kind.name))))
        self._seed_keys = {key for subject in self._seeds for key in subject_keys(subject)}
        about = phrases(theme.about)
        belongs = [phrase for phrase in about if self._sieve.suits(phrase)] or about
        self._topic = f"{theme.title} ({', '.join(belongs[:6])})" if about else theme.title
        self._models = self._seeds or belongs  # what answers may open with
        self._areas = self._rng.sample(theme.areas, len(theme.areas)) or [""]
        self._next_area = 0
        self._asked: list[str] = []
        self._dry_rounds = self._dry_calls = 0
        self._thorough = True
        self._stale: Counter[str] = Counter()
        self._found: defaultdict[str, list[str]] = defaultdict(list)
        self._spare: deque[Named] = deque()
        self._claimed: set[str] = set()
        self._in_file = self._rng.sample(self._seeds, len(self._seeds))

    def find(
        self, wanted: int, namer: Namer, report: Callable[[int], None], *, thorough: bool = True
    ) -> list[Named]:
        """Up to `wanted` new subjects; fewer where the model and the theme's file know no more.

        Args:
            report: called with the number of them after each round; may raise to interrupt.
            thorough: whether to ask on while most calls bring nothing new; also where a call that
                was not thorough had given up.
        """
        if thorough and not self._thorough:
            self._dry_calls = 0
        self._thorough = thorough
        named: list[Named] = []
        self._use(named, wanted)
        while len(named) < wanted and self._dry_calls < self._wording.patience:
            calls = self._round(wanted - len(named))
            answers = namer([call.ask for call in calls])
            read = [self._read(call, lines) for call, lines in zip(calls, answers, strict=True)]
            # One of each area in turn: a small order is not about a single one.
            self._spare += [one for row in zip_longest(*read) for one in row if one]
            self._dry_rounds = 0 if self._spare else self._dry_rounds + 1
            self._use(named, wanted)
            report(len(named))
        while len(named) < wanted and self._in_file:
            self._take_seed(named, wanted)
        return named

    def _round(self, missing: int) -> list[_Call]:
        """The next calls: no more than it takes if half of the lines are of use, and every second
        subject is a seed."""
        wording = self._wording
        missing -= min(missing // 2, len(self._in_file))
        lines = min(wording.lines, max(-(-2 * missing // wording.round), _FEWEST_LINES))
        size = min(
            wording.round, -(-2 * missing // lines), wording.patience - self._dry_calls
        )  # fmt: skip
        if self._dry_rounds != 1:
            start = self._next_area
            self._asked = [self._areas[(start + i) % len(self._areas)] for i in range(size)]
            self._next_area = (start + size) % len(self._areas)
        return [self._call(area, lines) for area in self._asked[:size]]

    def _call(self, area: str, lines: int) -> _Call:
        """Other letters and another seed each time; hotter and in other words the longer nothing
        new has come."""
        wording = self._wording
        level = max(self._dry_rounds, self._stale[area])
        angle = self._angle(level - (_ANGLES_FROM if area else 1))
        ask = Ask(
            system=wording.system,
            # The same for each area: a model reads it only once.
            turns=tuple(
                (self._question(theme, "", ""), listed(some)) for theme, some in self._examples
            ),
            question=self._question(self._theme.title if area else self._topic, area, angle),
            opening=listed(self._shown(area)),
            grammar=grammar(_starts(wording, lines, self._rng)),
            lines=lines,
            max_tokens=lines * TOKENS_PER_LINE,
            temperature=min(
                wording.temperature + level * wording.temperature_step, wording.temperature_max
            ),
            seed=self._rng.getrandbits(31),
        )
        return _Call(ask, area, angle)

    def _question(self, theme: str, area: str, angle: str) -> str:
        ask = f"{angle} {self._kind.ask}".strip()
        if area:
            return self._wording.question_area.format(theme=theme, area=area, ask=ask)
        return self._wording.question.format(theme=theme, ask=ask)

    def _angle(self, number: int) -> str:
        angles = self._wording.angles
        return angles[number % len(angles)] if number >= 0 and angles else ""

    def _shown(self, area: str) -> list[str]:
        """What the answer opens with: subjects found in this area, and some to take for models:
        half of them where the theme's file has seeds, else only for the first call."""
        found, size = self._found[area], self._wording.shown
        others = [subject for subject in self._models if subject not in found]
        wanted = size // 2 if self._seeds else 0 if found else 2
        models = self._rng.sample(others, min(len(others), wanted))
        return models + self._rng.sample(found, min(len(found), size - len(models)))

    def _read(self, call: _Call, lines: Sequence[str]) -> list[Named]:
        """What is new in an answer."""
        self.calls += 1
        origin = call.origin(self.calls)
        fresh: list[Named] = []
        for subject in filter(None, map(tidied, lines)):
            keys = subject_keys(subject)
            reason = self._sieve.refusal(subject) or self._refusal(subject)
            if reason is None and keys.isdisjoint(self._claimed):
                self._claimed |= keys
                fresh.append(Named(subject, REPEATED if keys & self._seed_keys else origin))
            else:
                self.refused[reason or KNOWN] += 1
        fresh = self._judged(fresh)
        self._found[call.area] += [one.subject for one in fresh]
        if fresh:
            self._dry_calls = 0 if self._thorough else max(0, self._dry_calls - 1)
            self._stale[call.area] = 0
        else:
            self.dry += 1
            self._dry_calls += 1
            self._stale[call.area] += 1 if call.area else 0
        return fresh

    def _judged(self, fresh: list[Named]) -> list[Named]:
        if self._judge is None or not fresh:
            return fresh
        # What the file has belongs to the theme.
        new = [one for one in fresh if one.origin != REPEATED]
        reasons = dict(zip(new, self._judge([one.subject for one in new]), strict=True))
        self.refused.update(reason for reason in reasons.values() if reason)
        return [one for one in fresh if reasons.get(one) is None]

    def _refusal(self, subject: str) -> str | None:
        keys = subject_keys(subject)
        if keys & self._taken or keys & self._shown_elsewhere:
            return KNOWN
        return self._forbidden.reason(subject, people=self._people)

    def _use(self, named: list[Named], wanted: int) -> None:
        """Moves spare subjects to `named` until there are enough."""
        while self._spare and len(named) < wanted:
            one = self._spare.popleft()
            # Another kind may have taken it in the meantime.
            if reason := self._refusal(one.subject):
                self.refused[reason] += 1
            else:
                self._take(one, named)
                self._take_seed(named, wanted)

    def _take_seed(self, named: list[Named], wanted: int) -> None:
        """Moves one subject of the theme's file to `named`, if it has one and any is wanted."""
        while len(named) < wanted and self._in_file:
            subject = self._in_file.pop()
            if self._refusal(subject) is None:
                self._take(Named(subject, FROM_FILE), named)
                return

    def _take(self, one: Named, named: list[Named]) -> None:
        self._taken |= subject_keys(one.subject)
        named.append(one)


def phrases(text: str) -> list[str]:
    """The phrases between commas."""
    return [phrase for phrase in (p.strip(" .") for p in text.split(",")) if phrase]


def _areas_ask(
    theme: Theme, wording: Wording, found: Sequence[str], missing: int, rng: Random
) -> Ask:
    lines = min(wording.lines, missing + 3)
    told = found or phrases(theme.about)
    own = subject_keys(theme.title)
    return Ask(
        system=wording.system,
        turns=tuple(
            (wording.question_areas.format(theme=title), listed(some))
            for title, some in wording.areas_examples
            if own.isdisjoint(subject_keys(title))
        ),
        question=wording.question_areas.format(theme=theme.title),
        opening=listed(rng.sample(told, min(len(told), wording.shown))),
        grammar=grammar(_starts(wording, lines, rng), _AREA_WORDS),
        lines=lines,
        max_tokens=lines * TOKENS_PER_LINE,
        temperature=wording.temperature,
        seed=rng.getrandbits(31),
    )


def _starts(wording: Wording, lines: int, rng: Random) -> list[str]:
    letters = wording.starts
    return ["".join(rng.sample(letters, len(letters) // 2)) for _ in range(lines)]
