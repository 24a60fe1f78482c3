"""The table of an evaluation: a row for each theme and one for all, with the goals in its head."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from stockwright.core.kinds import Kind
from tests.evalprompts.judging import Verdict
from tests.evalprompts.measures import (
    Imbalance,
    Rows,
    Share,
    distinct_subjects,
    duplicates,
    highest_cosine,
    imbalance,
    share,
    vendi_score,
)

LIMIT = 0.93
"""The cosine from which two prompts are duplicates."""
ALL = "all"
UP_TO = 100
"""Prompts of a theme up to which the goal for distinct subjects holds."""


@dataclass(frozen=True, slots=True)
class Effort:
    """Of planning: seconds, and calls of the language model, `dry` of which brought nothing new."""

    seconds: float
    calls: int
    dry: int

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.seconds + other.seconds, self.calls + other.calls, self.dry + other.dry)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    asked: int
    prompts: int
    on_theme: Share
    plain_on_theme: Share
    """As `on_theme`, by the prompts' vectors as they are."""
    subject_on_theme: Share
    kind: Share
    """Of the prompts whose kind is judged."""
    distinct: Share
    cosine: float | None
    duplicates: int
    vendi: float
    imbalance: Imbalance | None
    words: int
    """Prompts that hold what they must not by the evaluation's own list."""
    forbidden: int
    """As `words`, by the planner's list."""
    over_budget: int
    effort: Effort

    @classmethod
    def of(
        cls,
        name: str,
        asked: int,
        verdicts: Sequence[Verdict],
        rows: Rows,
        kinds: Sequence[Kind],
        effort: Effort,
    ) -> Row:
        """`rows`: the vectors of the prompts."""
        jobs = [verdict.job for verdict in verdicts]
        return cls(
            name=name,
            asked=asked,
            prompts=len(jobs),
            on_theme=share([v.on_theme for v in verdicts]),
            plain_on_theme=share([v.plain_theme == v.job.theme for v in verdicts]),
            subject_on_theme=share([v.subject_theme == v.job.theme for v in verdicts]),
            kind=share([v.kind == v.job.kind for v in verdicts if v.kind]),
            distinct=distinct_subjects(jobs),
            cosine=highest_cosine(rows),
            duplicates=duplicates([job.prompt for job in jobs], rows, LIMIT),
            vendi=vendi_score(rows),
            imbalance=imbalance(jobs, kinds),
            words=sum(bool(v.words) for v in verdicts),
            forbidden=sum(bool(v.forbidden) for v in verdicts),
            over_budget=sum(v.over_budget for v in verdicts),
            effort=effort,
        )


@dataclass(frozen=True, slots=True)
class _Column:
    """`reached`: whether a row reaches the goal; `each`: whether each theme must, or only all."""

    name: str
    cell: Callable[[Row], str]
    goal: str = ""
    reached: Callable[[Row], bool] = lambda row: True
    each: bool = False

    @property
    def head(self) -> str:
        return f"{self.name} ({self.goal})" if self.goal else self.name

    def written(self, row: Row) -> str:
        text = self.cell(row)
        return text if self.reached(row) else f"**{text}**"


_COLUMNS = (
    _Column(
        "prompts",
        lambda r: str(r.prompts) if r.prompts == r.asked else f"{r.prompts} of {r.asked}",
        "as many as asked",
        lambda r: r.prompts == r.asked,
        each=True,
    ),
    _Column("on theme", lambda r: _percent(r.on_theme), "≥ 95 %", lambda r: r.on_theme.reaches(95)),
    _Column("on theme, plainly", lambda r: _percent(r.plain_on_theme)),
    _Column("subject alone", lambda r: _percent(r.subject_on_theme)),
    _Column("right kind", lambda r: _percent(r.kind), "≥ 95 %", lambda r: r.kind.reaches(95)),
    _Column(
        "distinct subjects",
        lambda r: _percent(r.distinct),
        f"≥ 80 % of {UP_TO} a theme",
        lambda r: _distinct_enough(r),
        each=True,
    ),
    _Column("highest cosine", lambda r: "-" if r.cosine is None else f"{r.cosine:.3f}"),
    _Column("duplicates", lambda r: str(r.duplicates), "0", lambda r: not r.duplicates, each=True),
    _Column("Vendi score", lambda r: f"{r.vendi:.1f}"),
    _Column("axis balance", lambda r: f"{r.imbalance.deviation:+.0%}" if r.imbalance else "-"),
    _Column("forbidden", lambda r: str(r.words), "0", lambda r: not r.words, each=True),
    _Column(
        "forbidden by the planner's list",
        lambda r: str(r.forbidden),
        "0",
        lambda r: not r.forbidden,
        each=True,
    ),
    _Column("over budget", lambda r: str(r.over_budget)),
    _Column("dry calls", lambda r: f"{r.effort.dry} of {r.effort.calls}"),
    _Column("prompts/s", lambda r: f"{r.prompts / r.effort.seconds:.1f}"),
)


def lines(rows: Sequence[Row]) -> list[str]:
    """Markdown. What misses a goal is bold."""
    head = ["theme", *(column.head for column in _COLUMNS)]
    body = [[row.name, *(column.written(row) for column in _COLUMNS)] for row in rows]
    return [_line(head), "|---" * len(head) + "|", *map(_line, body)]


def missed(rows: Sequence[Row]) -> list[str]:
    """What misses a goal, a line each. Themes may miss those that only all together must reach."""
    return [
        f"{row.name}: {column.name} {column.cell(row)}, goal {column.goal}"
        for column in _COLUMNS
        for row in rows
        if (column.each or row.name == ALL) and not column.reached(row)
    ]


def _distinct_enough(row: Row) -> bool:
    too_many = row.name == ALL or row.prompts > UP_TO
    return too_many or not row.prompts or row.distinct.reaches(80)


def _percent(part: Share) -> str:
    """Rounded down, so that what misses a goal does not look like it."""
    return f"{1000 * part.part // part.whole / 10:g} %" if part.whole else "-"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
