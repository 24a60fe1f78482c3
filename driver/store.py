"""The SQLite file of a run: opened, brought to the newest schema, and changed in transactions."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import DiskTrouble, LedgerInvalid
from .schema import MIGRATIONS


class Store:
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
                with self.transaction() as db:
                    migration(db)
                    db.execute(
                        "INSERT INTO migrations VALUES (?, ?)", (migration.__name__, time.time())
                    )

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._db.execute(sql, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All that is done within it, or nothing. Raises DiskTrouble."""
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
        with self.transaction() as db:
            row = db.execute(
                "INSERT INTO runs (server, started) VALUES (?, ?)", (server, time.time())
            ).lastrowid
        try:
            yield
        finally:
            self._end_run(row)

    def _end_run(self, row: int | None) -> None:
        with self.transaction() as db:
            db.execute("UPDATE runs SET ended = ? WHERE id = ?", (time.time(), row))

    def settle(self, key: str, value: Any) -> None:
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO settled VALUES (?, ?)", (key, json.dumps(value)))

    def settled(self, key: str) -> Any:
        """The value settled under a key, or None."""
        row = self._db.execute("SELECT value FROM settled WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])
