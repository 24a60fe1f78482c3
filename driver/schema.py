"""The tables of a ledger: migrations from the oldest schema on, and a job as a row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from stockwright.core.jobs import Job

JOB_COLUMNS = (
    "jobs.id, jobs.theme, jobs.kind, jobs.subject, jobs.prompt, jobs.negative, jobs.seed,"
    " jobs.width, jobs.height, jobs.origin, jobs.axes"
)


def job_of(row: Sequence[Any]) -> Job:
    """The job in a row of JOB_COLUMNS."""
    *plain, axes = row
    return Job(*plain, axes=tuple(json.loads(axes).items()))


def row_of(job: Job) -> tuple[Any, ...]:
    """What JOB_COLUMNS hold for a job that has a size."""
    plain = (job.id, job.theme, job.kind, job.subject, job.prompt, job.negative, job.seed)
    axes = json.dumps(dict(job.axes), ensure_ascii=False)
    return (*plain, job.width, job.height, job.origin, axes)


def _first_schema(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE settled (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    db.execute(
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, server TEXT NOT NULL, started REAL NOT NULL,"
        " ended REAL)"
    )
    db.execute(
        "CREATE TABLE jobs (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
        " theme TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, prompt TEXT NOT NULL,"
        " negative TEXT NOT NULL, seed INTEGER NOT NULL, width INTEGER NOT NULL,"
        " height INTEGER NOT NULL, state TEXT NOT NULL, file TEXT, error TEXT)"
    )
    db.execute("CREATE INDEX jobs_by_state ON jobs (state, position)")
    db.execute(
        "CREATE TABLE attempts (graph TEXT NOT NULL, job TEXT NOT NULL REFERENCES jobs (id),"
        " state TEXT NOT NULL, started REAL NOT NULL, ended REAL, error TEXT,"
        " PRIMARY KEY (graph, job))"
    )
    db.execute("CREATE INDEX attempts_by_job ON attempts (job, state)")


def _how_jobs_came_about(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE jobs ADD COLUMN origin TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE jobs ADD COLUMN axes TEXT NOT NULL DEFAULT '{}'")


def _what_the_gate_said(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE jobs ADD COLUMN replaces TEXT NOT NULL DEFAULT ''")
    db.execute("CREATE INDEX jobs_by_replaced ON jobs (replaces)")
    db.execute(
        "CREATE TABLE verdicts (job TEXT PRIMARY KEY REFERENCES jobs (id), at REAL NOT NULL,"
        " seconds REAL NOT NULL, phash TEXT NOT NULL, reasons TEXT NOT NULL,"
        " warnings TEXT NOT NULL, scores TEXT NOT NULL, not_done TEXT NOT NULL,"
        " near TEXT NOT NULL)"
    )


def _what_a_model_saw(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE embeddings (job TEXT PRIMARY KEY REFERENCES jobs (id), model TEXT NOT NULL,"
        " vector BLOB NOT NULL)"
    )


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _first_schema,
    _how_jobs_came_about,
    _what_the_gate_said,
    _what_a_model_saw,
)
