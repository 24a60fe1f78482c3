"""The numbers of a run, out of its ledger."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ..gate.verdicts import Judged, Verdicts
from ..ledger import Entry, JobState, Ledger


@dataclass(frozen=True, slots=True)
class Row:
    """How the pictures of one theme and kind came out."""

    theme: str
    kind: str
    wanted: int
    done: int
    rejected: int
    failed: int


@dataclass(frozen=True, slots=True)
class Times:
    day: str
    """When it was begun."""
    sessions: tuple[tuple[str, str, str], ...]
    """(start, end, server) of each time that a driver worked on the run; the end may be empty."""
    working: str
    """How long they worked together, as far as they ended."""
    rate: str
    """Finished pictures per time of work."""
    graphs: int
    batch: float
    """Jobs in a graph, on average."""
    examined: int
    examining: str
    """Median of a picture's time in the quality gate."""


@dataclass(frozen=True, slots=True)
class Figures:
    rows: tuple[Row, ...]
    wanted: int
    done: int
    rejected: int
    failed: int
    extra_tries: int
    times: Times


def figures(ledger: Ledger) -> Figures:
    entries = list(ledger.entries())
    counts = ledger.counts()
    verdicts = Verdicts(ledger)
    extra = verdicts.extra_tries()
    return Figures(
        rows=_rows(ledger, entries),
        wanted=len(entries) - extra,
        done=counts[JobState.DONE],
        rejected=counts[JobState.REJECTED],
        failed=counts[JobState.FAILED],
        extra_tries=extra,
        times=_times(ledger, counts[JobState.DONE], list(verdicts.judged())),
    )


def _rows(ledger: Ledger, entries: Sequence[Entry]) -> tuple[Row, ...]:
    states: defaultdict[tuple[str, str], Counter[JobState]] = defaultdict(Counter)
    for entry in entries:
        states[entry.job.theme, entry.job.kind][entry.state] += 1
    extra = Counter(
        (theme, kind)
        for theme, kind in ledger.read("SELECT theme, kind FROM jobs WHERE replaces != ''")
    )
    return tuple(
        Row(
            theme,
            kind,
            wanted=found.total() - extra[theme, kind],
            done=found[JobState.DONE],
            rejected=found[JobState.REJECTED],
            failed=found[JobState.FAILED],
        )
        for (theme, kind), found in states.items()
    )


def _times(ledger: Ledger, done: int, judged: Sequence[Judged]) -> Times:
    runs = ledger.read("SELECT started, ended, server FROM runs ORDER BY id")
    working = sum(ended - started for started, ended, _ in runs if ended)
    graphs = ledger.read("SELECT COUNT(*) FROM attempts GROUP BY graph")
    seconds = [one.seconds for one in judged]
    return Times(
        day=_clock(runs[0][0])[:10] if runs else "",
        sessions=tuple((_clock(start), _clock(end), server) for start, end, server in runs),
        working=duration(working),
        rate=_rate(done, working),
        graphs=len(graphs),
        batch=sum(size for (size,) in graphs) / len(graphs) if graphs else 0.0,
        examined=len(seconds),
        examining=f"{median(seconds):.2f} s" if seconds else "",
    )


def duration(seconds: float) -> str:
    """Such as "42 s", "3 min 5 s" or "2 h 4 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _rate(pictures: int, seconds: float) -> str:
    if not pictures or not seconds:
        return ""
    speed = pictures / seconds
    return f"{speed:.2g} a second" if speed >= 1 else f"{speed * 60:.2g} a minute"


def _clock(at: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at else ""
