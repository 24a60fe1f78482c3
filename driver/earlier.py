"""Jobs of other runs that lie beside one: what a new run must differ from."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def earlier_jobs(run: Path) -> list[tuple[str, str]]:
    """(subject, prompt) of the jobs of all other runs of the folder that `run` lies in.

    By name of the runs, as planned. What cannot be read as a ledger is passed over: it belongs to
    someone else, or to a run whose own command will say so.
    """
    found: list[tuple[str, str]] = []
    for path in sorted(run.absolute().parent.glob("*/run.sqlite")):
        if path.parent != run.absolute():
            found += _jobs(path)
    return found


def _jobs(path: Path) -> list[tuple[str, str]]:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            return db.execute("SELECT subject, prompt FROM jobs ORDER BY position").fetchall()
    except sqlite3.Error:
        return []
