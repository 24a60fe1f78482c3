"""Other runs that lie beside one: what a new run must differ from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any


def earlier_jobs(run: Path) -> list[tuple[str, str]]:
    """(subject, prompt) of the jobs of all other runs of the folder that `run` lies in, by name of
    the runs, as planned."""
    query = "SELECT subject, prompt FROM jobs ORDER BY position"
    return [row for _, rows in other_runs(run, query) for row in rows]


def other_runs(run: Path, query: str) -> Iterator[tuple[str, list[Any]]]:
    """(name, rows) of what the ledger of each other run answers, by name.

    What cannot be read so is passed over: it belongs to someone else, is older than what is asked
    for, or its own command will say so.
    """
    for path in sorted(run.absolute().parent.glob("*/run.sqlite")):
        if path.parent != run.absolute():
            yield path.parent.name, _rows(path, query)


def _rows(path: Path, query: str) -> list[Any]:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()
    except sqlite3.Error:
        return []
