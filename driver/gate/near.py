"""Near-duplicates: pictures compared by their perceptual hashes, in this run and with others.

The score is the number of bits in which a picture's hash differs from that of the nearest one that
passed before it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from stockwright.core.likeness import Nearest
from stockwright.core.quality import Action

from .quality import DUPLICATE
from .verdicts import Verdict

TOLD = 12
"""A nearest picture is told of within so many bits, also where it rejects nothing."""


class Near:
    def __init__(self, action: Action, limit: int) -> None:
        """`limit`: pictures whose hashes differ in up to so many bits are nearly the same."""
        self._action, self._limit = action, limit
        self._passed = Nearest(max(limit, TOLD))

    def remember(self, hashes: Iterable[tuple[str, str]]) -> None:
        """Pictures that are there, by name, with their hashes."""
        for name, phash in hashes:
            self._passed.add(name, phash)

    def compared(self, name: str, verdict: Verdict) -> Verdict:
        """The verdict with this check's part in it. A picture that passes is remembered."""
        if self._action is Action.OFF or not verdict.phash:
            return verdict
        nearest = self._passed.find(verdict.phash)
        if nearest is not None:
            other, bits = nearest
            verdict = replace(verdict, scores={**verdict.scores, DUPLICATE: float(bits)})
            if bits <= self._limit:
                verdict = self._marked(replace(verdict, near=other))
        if not verdict.reasons:
            self._passed.add(name, verdict.phash)
        return verdict

    def _marked(self, verdict: Verdict) -> Verdict:
        if self._action is Action.REJECT:
            return replace(verdict, reasons=(*verdict.reasons, DUPLICATE))
        return replace(verdict, warnings=(*verdict.warnings, DUPLICATE))


def earlier_hashes(run: Path) -> list[tuple[str, str]]:
    """("run/job", hash) of finished pictures in all other runs of the folder that `run` lies in.

    What cannot be read as a ledger is passed over, as is one from before there was a gate.
    """
    found: list[tuple[str, str]] = []
    for path in sorted(run.absolute().parent.glob("*/run.sqlite")):
        if path.parent != run.absolute():
            found += [(f"{path.parent.name}/{job}", phash) for job, phash in _hashes(path)]
    return found


def _hashes(path: Path) -> list[tuple[str, str]]:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?action=ro", uri=True)) as db:
            return db.execute(
                "SELECT job, phash FROM verdicts JOIN jobs ON jobs.id = job"
                " WHERE jobs.state = 'done' AND phash != '' ORDER BY jobs.position"
            ).fetchall()
    except sqlite3.Error:
        return []
