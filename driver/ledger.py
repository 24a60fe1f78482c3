"""The ledger: one SQLite file a run, the only truth about what is done.

States of a job:

    planned --queue--> queued --finish--> done
       ^                  |
       +---- retry -------+---- too many attempts ----> failed

Every change of state is one transaction. An attempt is one job in one graph; its states are
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
from pathlib import Path
from typing import Any

from stockwright.core.jobs import Job

from .errors import DiskTrouble, LedgerInvalid
from .schema import JOB_COLUMNS, MIGRATIONS, job_of, row_of

MAX_FAILED = 3
"""Attempts that may fail before a job is given up."""

MAX_LOST = 3
"""Server deaths with a job in the running graph before the job is given up."""


class JobState(StrEnum):
    PLANNED = "planned"
    QUEUED = "queued"
    DONE = "done"
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


@dataclass(frozen=True, slots=True)
class Entry:
    """A job with what the ledger knows of it."""

    job: Job
    state: JobState
    file: StoredFile | None
    error: str | None


class Ledger:
    """Opens the file, makes it where it is missing, and brings it to the newest schema."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._migrate()
        except sqlite3.Error as error:
            raise LedgerInvalid(
                f"the ledger cannot be opened: {error}",
                where=str(path),
                hint="If the file is damaged, move it away: the run is then planned anew.",
            ) from error

    def close(self) -> None:
        self._db.close()

    def _migrate(self) -> None:
        self._db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at REAL)")
        done = {name for (name,) in self._db.execute("SELECT name FROM migrations")}
        names = [migration.__name__ for migration in MIGRATIONS]
        if newer := sorted(done - set(names)):
            raise LedgerInvalid(
                f"a newer Stockwright wrote this ledger (it knows {', '.join(newer)})",
                where=str(self._path),
                hint="Update Stockwright, or start a run in another folder.",
            )
        for migration in MIGRATIONS:
            if migration.__name__ not in done:
                with self._transaction() as db:
                    migration(db)
                    db.execute(
                        "INSERT INTO migrations VALUES (?, ?)", (migration.__name__, time.time())
                    )

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                if self._db.in_transaction:  # SQLite itself ends it after some errors
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise DiskTrouble(
                f"the ledger cannot be written: {error}",
                where=str(self._path),
                hint="Free some space, then give the same command again: it goes on from here.",
            ) from error

    # Each time that a driver works on the order, and what the first one settled for all

    @contextmanager
    def run(self, server: str) -> Generator[None]:
        """Records one driver's work from start to end; a killed one has no end."""
        with self._transaction() as db:
            row = db.execute(
                "INSERT INTO runs (server, started) VALUES (?, ?)", (server, time.time())
            ).lastrowid
        try:
            yield
        finally:
            self._end_run(row)

    def _end_run(self, row: int | None) -> None:
        with self._transaction() as db:
            db.execute("UPDATE runs SET ended = ? WHERE id = ?", (time.time(), row))

    def settle(self, key: str, value: Any) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO settled VALUES (?, ?)", (key, json.dumps(value)))

    def settled(self, key: str) -> Any:
        """The value settled under a key, or None."""
        row = self._db.execute("SELECT value FROM settled WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    # Planning

    def add(self, jobs: Sequence[Job]) -> None:
        """Puts planned jobs behind those that are there, all or none. Every job has a size.

        Raises ValueError for an id that is there already.
        """
        with self._transaction() as db, _unique_ids():
            db.executemany(
                "INSERT INTO jobs (id, theme, kind, subject, prompt, negative, seed, width, height,"
                " origin, axes, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*row_of(job), JobState.PLANNED) for job in jobs],
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
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO attempts (graph, job, state, started) VALUES (?, ?, 'queued', ?)",
                [(graph, job.id, time.time()) for job in jobs],
            )
            self._set_state(db, [job.id for job in jobs], JobState.QUEUED)

    def finish(self, graph: str, files: Mapping[str, StoredFile]) -> None:
        """Files the pictures of a graph, by job id."""
        with self._transaction() as db:
            for job_id, file in files.items():
                self._end_attempt(db, graph, job_id, AttemptState.DONE, None)
                stored = [file.path, file.width, file.height, file.size, file.sha256]
                db.execute(
                    "UPDATE jobs SET state = 'done', file = ?, error = NULL WHERE id = ?",
                    (json.dumps(stored), job_id),
                )

    def give_back(
        self, graph: str, job_ids: Iterable[str], state: AttemptState, reason: str
    ) -> list[str]:
        """Ends attempts that brought nothing. Returns the ids of jobs that are given up for it."""
        given_up: list[str] = []
        limit = {AttemptState.FAILED: MAX_FAILED, AttemptState.LOST: MAX_LOST}.get(state)
        with self._transaction() as db:
            for job_id in job_ids:
                self._end_attempt(db, graph, job_id, state, reason)
                (count,) = db.execute(
                    "SELECT COUNT(*) FROM attempts WHERE job = ? AND state = ?", (job_id, state)
                ).fetchone()
                final = limit is not None and count >= limit
                if final:
                    given_up.append(job_id)
                db.execute(
                    "UPDATE jobs SET state = ?, error = ? WHERE id = ?",
                    (JobState.FAILED if final else JobState.PLANNED, reason, job_id),
                )
        return given_up

    def reopen_failed(self) -> int:
        """Plans the jobs again that were given up; their old attempts stay but count no more."""
        with self._transaction() as db:
            db.execute(
                "UPDATE attempts SET state = 'dropped' WHERE state IN ('failed', 'lost') AND job IN"
                " (SELECT id FROM jobs WHERE state = 'failed')"
            )
            return db.execute("UPDATE jobs SET state = 'planned' WHERE state = 'failed'").rowcount

    def forget_file(self, job_id: str) -> None:
        """A finished picture is gone from the folder: its job is planned again."""
        with self._transaction() as db:
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
