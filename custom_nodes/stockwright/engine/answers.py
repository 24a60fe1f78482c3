"""Answers of language models on disk, so that a plan that was stopped goes on without asking again.

A file of SQLite with the one table `answers`: `key`, the SHA-256 of the model's fingerprint and of
all fields of the `Ask`, and `lines`, the answer as a JSON list. The oldest rows go when it is full.

Planning never fails for want of it. A file that is no database, or a damaged one, is set aside as
`<name>.broken`; one that cannot be opened, read or written is left alone. Both are logged, and
what is asked then is asked of the model.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from ..core.asking import Ask, Namer

log = logging.getLogger(__name__)

MOST_ROWS = 200_000

_BUSY_SECONDS = 5.0
_TABLE = "CREATE TABLE IF NOT EXISTS answers (key BLOB NOT NULL UNIQUE, lines TEXT NOT NULL)"

T = TypeVar("T")


class Answers:
    """The answers in a file, which is made with its folder where it is not there.

    To be used in one thread, as a context manager or with `close` at the end.
    """

    def __init__(self, path: Path, most_rows: int = MOST_ROWS) -> None:
        self._path, self._most_rows = path, most_rows
        self._database = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Later answers are neither read nor kept."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def around(self, namer: Namer, fingerprint: str) -> Namer:
        """A namer that asks `namer` only what it has not answered before, each ask once, and keeps
        what is new. An answer without a line is not kept."""

        def name(asks: Sequence[Ask]) -> list[list[str]]:
            keys = [_key(fingerprint, ask) for ask in asks]
            known = self._known(keys)
            missing = {key: ask for key, ask in zip(keys, asks, strict=True) if key not in known}
            if missing:
                answers = namer(list(missing.values()))
                new = dict(zip(missing, answers, strict=True))
                self._keep(new)
                known |= new
            return [known[key] for key in keys]

        return name

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, list[str]]:
        def read(database: sqlite3.Connection) -> dict[bytes, list[str]]:
            found = {key: database.execute(_SELECT, (key,)).fetchone() for key in keys}
            return {key: json.loads(row[0]) for key, row in found.items() if row}

        return self._tried(read, {})

    def _keep(self, answers: dict[bytes, list[str]]) -> None:
        rows = [(key, json.dumps(lines)) for key, lines in answers.items() if lines]

        def write(database: sqlite3.Connection) -> None:
            with database:
                database.executemany(_INSERT, rows)
                database.execute(_DELETE, (self._most_rows,))

        self._tried(write, None)

    def _tried(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        if self._database is None:
            return otherwise
        try:
            return work(self._database)
        except sqlite3.Error as error:
            self.close()
            self._give_up(error)
            return otherwise

    def _opened(self) -> sqlite3.Connection | None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
        except (sqlite3.Error, OSError) as error:
            self._give_up(error)
            return None
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(_TABLE)
            with closing(database.execute("SELECT key, lines FROM answers LIMIT 1")) as rows:
                rows.fetchone()
        except sqlite3.Error as error:
            database.close()
            return self._opened() if self._give_up(error) else None
        return database

    def _give_up(self, error: sqlite3.Error | OSError) -> bool:
        """Whether the file was damaged and is out of the way now."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # only SQLite's own
        if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            log.warning("%s: answers are not kept: %s", self._path, error)
            return False
        aside = self._path.with_name(f"{self._path.name}.broken")
        log.warning("%s is damaged (%s) and is set aside as %s", self._path, error, aside.name)
        try:
            self._path.replace(aside)
            for ending in ("-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        except OSError as trouble:
            log.warning("%s cannot be set aside: %s", self._path, trouble)
            return False
        return True


_SELECT = "SELECT lines FROM answers WHERE key = ?"
_INSERT = "INSERT OR IGNORE INTO answers (key, lines) VALUES (?, ?)"
_DELETE = "DELETE FROM answers WHERE rowid <= (SELECT max(rowid) FROM answers) - ?"
"""Row ids only grow, one by one, as nothing but the oldest rows is ever deleted."""


def _key(fingerprint: str, ask: Ask) -> bytes:
    text = json.dumps([fingerprint, asdict(ask)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()
