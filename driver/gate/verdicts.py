"""What the quality gate said of pictures, as the ledger keeps it.

A verdict and its job's new state are one transaction: `done`, or `rejected` with the place that the
file is moved to afterwards.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stockwright.core.jobs import Job

from ..ledger import Entry, JobState, Ledger, StoredFile
from ..schema import JOB_COLUMNS, job_of
from .describing import Embedding

LOOKS = (
    "SELECT verdicts.job, phash, model, vector FROM verdicts JOIN jobs ON jobs.id = verdicts.job"
    " LEFT JOIN embeddings ON embeddings.job = jobs.id"
    " WHERE jobs.state = 'done' AND phash != '' ORDER BY jobs.position"
)
"""(job, perceptual hash, model, vector) of the pictures that passed; the last two may be NULL."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Scores by name (None: could not be told), checks that reject and that warn, by name."""

    scores: Mapping[str, float | None]
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    phash: str = ""
    """Perceptual hash, hexadecimal; empty for a picture that does not decode."""
    not_done: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why a check was not made, by its name."""
    near: str = ""
    """The picture that it is nearly the same as: a job, behind its run where that is another."""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Verdict:
        """From what a worker answers."""
        return cls(
            dict(told["scores"]),
            tuple(told["reasons"]),
            tuple(told["warnings"]),
            told["phash"],
            dict(told["not_done"]),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "reasons": list(self.reasons),
            "warnings": list(self.warnings),
            "scores": dict(self.scores),
            "not_done": dict(self.not_done),
            "phash": self.phash,
        } | ({"near": self.near} if self.near else {})


@dataclass(frozen=True, slots=True)
class Judged:
    """A job, its picture, and the verdict on it, which took `seconds` of a worker."""

    entry: Entry
    verdict: Verdict
    seconds: float


class Verdicts:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def waiting(self) -> list[Entry]:
        """Jobs whose pictures are made and not examined, in the ledger's order."""
        return [entry for entry in self._ledger.entries() if entry.state is JobState.MADE]

    def put(self, job: Job, verdict: Verdict, seconds: float, moved: StoredFile | None) -> None:
        """Writes down a verdict. `moved`: the picture of a rejected job at its new place."""
        texts = (verdict.reasons, verdict.warnings, dict(verdict.scores), dict(verdict.not_done))
        row = (job.id, time.time(), seconds, verdict.phash, *map(json.dumps, texts), verdict.near)
        with self._ledger.transaction() as db:
            db.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            if moved is None:
                db.execute("UPDATE jobs SET state = 'done' WHERE id = ?", (job.id,))
            else:
                db.execute(
                    "UPDATE jobs SET state = 'rejected', file = ?, error = ? WHERE id = ?",
                    (moved.to_json(), ", ".join(verdict.reasons), job.id),
                )

    def judged(self) -> Iterator[Judged]:
        """All that was examined, in the ledger's order."""
        rows = self._ledger.read(
            "SELECT job, seconds, phash, near, reasons, warnings, scores, not_done FROM verdicts"
        )
        by_job = {job: rest for job, *rest in rows}
        for entry in self._ledger.entries():
            if entry.job.id in by_job:
                seconds, phash, near, *texts = by_job[entry.job.id]
                reasons, warnings, scores, not_done = map(json.loads, texts)
                verdict = Verdict(scores, tuple(reasons), tuple(warnings), phash, not_done, near)
                yield Judged(entry, verdict, seconds)

    def looks(self) -> list[tuple[str, str, str | None, bytes | None]]:
        """Rows of LOOKS."""
        return [(job, phash, model, seen) for job, phash, model, seen in self._ledger.read(LOOKS)]

    def describe(self, seen: Mapping[str, Embedding]) -> None:
        """Keeps what a model of the server sees in pictures, by job id."""
        with self._ledger.transaction() as db:
            db.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
                [(job, one.model, one.data) for job, one in seen.items()],
            )

    def embedding(self, job: Job) -> Embedding | None:
        rows = self._ledger.read("SELECT model, vector FROM embeddings WHERE job = ?", (job.id,))
        return Embedding(*rows[0]) if rows else None

    def described(self) -> dict[str, int]:
        """How many examined pictures each CLIP-vision model has seen."""
        return dict(
            self._ledger.read(
                "SELECT model, COUNT(*) FROM embeddings JOIN verdicts USING (job) GROUP BY model"
            )
        )

    def unreplaced(self) -> list[Job]:
        """Rejected jobs whose places no other job has taken."""
        rows = self._ledger.read(
            f"SELECT {JOB_COLUMNS} FROM jobs WHERE state = 'rejected' AND NOT EXISTS"
            " (SELECT 1 FROM jobs AS other WHERE other.replaces = jobs.id) ORDER BY position"
        )
        return [job_of(row) for row in rows]

    def extra_tries(self) -> int:
        """Jobs that took the place of a rejected one."""
        ((count,),) = self._ledger.read("SELECT COUNT(*) FROM jobs WHERE replaces != ''")
        return count
