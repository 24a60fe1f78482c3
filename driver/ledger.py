"""The ledger: one SQLite file a run, the only truth about what is done.

States of a job:

    planned --queue--> queued --finish--> done          (without a quality gate)
       ^                  |
       |                  +----finish--> made --pass--> done
       |                  |               |
       |                  |               +---reject--> rejected
       +---- retry -------+---- too many attempts ----> failed

A job is `made` while its picture waits to be examined. One that is `rejected` is final; another job
takes its place (`replaces`). Every change of state is one transaction. An attempt is one job in one
graph; its states are
`queued`, `done`, `failed` (the job's fault: counts towards the limit), `lost` (the server died
with it) and `dropped` (interrupted, or out of memory in a batch: does not count).
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from stockwright.core.jobs import Job

from .schema import JOB_COLUMNS, job_of, row_of
from .store import Store

MAX_FAILED = 3
"""Attempts that may fail before a job is given up."""

MAX_LOST = 3
"""Server deaths with a job in the running graph before the job is given up."""


class JobState(StrEnum):
    PLANNED = "planned"
    QUEUED = "queued"
    MADE = "made"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"


class AttemptState(StrEnum):
    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A finished picture: path relative to the run folder, pixels, bytes, hash of the file."""

    path: str
    width: int
    height: int
    size: int
    sha256: str

    def to_json(self) -> str:
        return json.dumps([self.path, self.width, self.height, self.size, self.sha256])


@dataclass(frozen=True, slots=True)
class Entry:
    """A job with what the ledger knows of it."""

    job: Job
    state: JobState
    file: StoredFile | None
    error: str | None


class Ledger(Store):
    """Jobs and their attempts."""

    # Planning

    def add(self, jobs: Sequence[Job], replaced: Sequence[Job] = ()) -> None:
        """Puts planned jobs behind those that are there, all or none. Every job has a size.

        `replaced` are the rejected ones whose places they take, one each; none for first jobs.
        Raises ValueError for an id that is there already.
        """
        places = [job.id for job in replaced] or [""] * len(jobs)
        with self.transaction() as db, _unique_ids():
            db.executemany(
                "INSERT INTO jobs (id, theme, kind, subject, prompt, negative, seed, width, height,"
                " origin, axes, state, replaces) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (*row_of(job), JobState.PLANNED, place)
                    for job, place in zip(jobs, places, strict=True)
                ],
            )

    def planned_themes(self) -> set[str]:
        """Titles of the themes whose jobs are there (all of them: `add` adds all or none)."""
        return {theme for (theme,) in self._db.execute("SELECT DISTINCT theme FROM jobs")}

    def subjects(self) -> list[str]:
        return [s for (s,) in self._db.execute("SELECT subject FROM jobs ORDER BY position")]

    def prompts(self) -> list[str]:
        return [p for (p,) in self._db.execute("SELECT prompt FROM jobs ORDER BY position")]

    # Following

    def next_jobs(self, limit: int) -> list[Job]:
        """Up to `limit` planned jobs that can share a graph.

        They have the size of the first one. A job that failed or was lost before comes alone, so
        that it cannot spoil the others again.
        """
        rows = self._db.execute(
            f"SELECT {JOB_COLUMNS}, EXISTS (SELECT 1 FROM attempts WHERE job = jobs.id"
            " AND state IN ('failed', 'lost')) FROM jobs WHERE state = 'planned'"
            " ORDER BY position LIMIT ?",
            (max(limit, 1),),
        ).fetchall()
        jobs: list[Job] = []
        for *columns, tried in rows:
            job = job_of(columns)
            if jobs and (tried or (job.width, job.height) != (jobs[0].width, jobs[0].height)):
                break
            jobs.append(job)
            if tried:
                break
        return jobs

    def queue(self, graph: str, jobs: Sequence[Job]) -> None:
        """Called before the graph is sent: a graph the ledger does not know never runs."""
        with self.transaction() as db:
            db.executemany(
                "INSERT INTO attempts (graph, job, state, started) VALUES (?, ?, 'queued', ?)",
                [(graph, job.id, time.time()) for job in jobs],
            )
            self._set_state(db, [job.id for job in jobs], JobState.QUEUED)

    def finish(
        self, graph: str, files: Mapping[str, StoredFile], *, state: JobState = JobState.DONE
    ) -> None:
        """Files the pictures of a graph, by job id; `state` is DONE, or MADE where they wait for
        the quality gate."""
        with self.transaction() as db:
            for job_id, file in files.items():
                self._end_attempt(db, graph, job_id, AttemptState.DONE, None)
                db.execute(
                    "UPDATE jobs SET state = ?, file = ?, error = NULL WHERE id = ?",
                    (state, file.to_json(), job_id),
                )

    def give_back(
        self,
        graph: str,
        job_ids: Iterable[str],
        state: AttemptState,
        reason: str,
        *,
        final: bool = False,
    ) -> list[str]:
        """Ends attempts that brought nothing. Returns the ids of jobs that are given up for it:
        those with too many such attempts, or all if it is `final`."""
        given_up: list[str] = []
        limit = {AttemptState.FAILED: MAX_FAILED, AttemptState.LOST: MAX_LOST}.get(state)
        with self.transaction() as db:
            for job_id in job_ids:
                self._end_attempt(db, graph, job_id, state, reason)
                (count,) = db.execute(
                    "SELECT COUNT(*) FROM attempts WHERE job = ? AND state = ?", (job_id, state)
                ).fetchone()
                over = final or (limit is not None and count >= limit)
                if over:
                    given_up.append(job_id)
                db.execute(
                    "UPDATE jobs SET state = ?, error = ? WHERE id = ?",
                    (JobState.FAILED if over else JobState.PLANNED, reason, job_id),
                )
        return given_up

    def reopen_failed(self) -> int:
        """Plans the jobs again that were given up; their old attempts stay but count no more."""
        with self.transaction() as db:
            db.execute(
                "UPDATE attempts SET state = 'dropped' WHERE state IN ('failed', 'lost') AND job IN"
                " (SELECT id FROM jobs WHERE state = 'failed')"
            )
            return db.execute("UPDATE jobs SET state = 'planned' WHERE state = 'failed'").rowcount

    def forget_file(self, job_id: str) -> None:
        """A finished picture is gone from the folder: its job is planned again."""
        with self.transaction() as db:
            db.execute("DELETE FROM verdicts WHERE job = ?", (job_id,))
            db.execute("DELETE FROM embeddings WHERE job = ?", (job_id,))
            db.execute("UPDATE jobs SET state = 'planned', file = NULL WHERE id = ?", (job_id,))

    def open_graphs(self) -> dict[str, list[Job]]:
        """Graphs that were sent and not ended, with their jobs."""
        graphs: dict[str, list[Job]] = {}
        for graph, *columns in self._db.execute(
            f"SELECT a.graph, {JOB_COLUMNS} FROM attempts a JOIN jobs ON jobs.id = a.job"
            " WHERE a.state = 'queued' ORDER BY a.started, jobs.position"
        ):
            graphs.setdefault(graph, []).append(job_of(columns))
        return graphs

    # Reading

    def counts(self) -> dict[JobState, int]:
        found = dict(self._db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state"))
        return {state: found.get(state, 0) for state in JobState}

    def entries(self) -> Iterator[Entry]:
        """Every job in the order's sequence."""
        cursor = self._db.cursor()
        for *columns, state, file, error in cursor.execute(
            f"SELECT {JOB_COLUMNS}, jobs.state, file, jobs.error FROM jobs ORDER BY position"
        ):
            stored = StoredFile(*json.loads(file)) if file else None
            yield Entry(job_of(columns), JobState(state), stored, error)

    def _set_state(self, db: sqlite3.Connection, ids: Iterable[str], state: JobState) -> None:
        db.executemany("UPDATE jobs SET state = ? WHERE id = ?", [(state, i) for i in ids])

    def _end_attempt(
        self,
        db: sqlite3.Connection,
        graph: str,
        job_id: str,
        state: AttemptState,
        error: str | None,
    ) -> None:
        db.execute(
            "UPDATE attempts SET state = ?, ended = ?, error = ? WHERE graph = ? AND job = ?",
            (state, time.time(), error, graph, job_id),
        )


@contextmanager
def _unique_ids() -> Generator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ValueError(f"a job is there already: {error}") from error
