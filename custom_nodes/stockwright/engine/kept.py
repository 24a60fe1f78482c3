"""Small values on disk under keys, such as what was dear to compute or to ask.

A file of SQLite with the one table `kept`: `key` and `value`, both bytes. The oldest rows go when
it is full.

Nothing ever fails for want of it. A file that is no database, or a damaged one, is set aside as
`<name>.broken`; one that cannot be opened, read or written is left alone. Both are logged.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

log = logging.getLogger(__name__)

_BUSY_SECONDS = 5.0
_TABLE = "CREATE TABLE IF NOT EXISTS kept (key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)"
_SELECT = "SELECT value FROM kept WHERE key = ?"
_INSERT = "INSERT OR IGNORE INTO kept (key, value) VALUES (?, ?)"
_DELETE = "DELETE FROM kept WHERE rowid <= (SELECT max(rowid) FROM kept) - ?"
"""Row ids only grow, one by one, as nothing but the oldest rows is ever deleted."""

T = TypeVar("T")


class Kept:
    """The values in a file, which is made with its folder where it is not there.

    To be used in one thread, as a context manager or with `close` at the end.
    """

    def __init__(self, path: Path, most_rows: int) -> None:
        self._path, self._most_rows = path, most_rows
        self._database = self._opened() or self._opened()  # the second time without a broken file

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
        """Later values are neither read nor kept."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def known(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that are there."""

        def read(database: sqlite3.Connection) -> dict[bytes, bytes]:
            found = {key: database.execute(_SELECT, (key,)).fetchone() for key in keys}
            return {key: row[0] for key, row in found.items() if row}

        return self._tried(read, {})

    def keep(self, values: Mapping[bytes, bytes]) -> None:
        """Adds values; a key that is there keeps its own."""

        def write(database: sqlite3.Connection) -> None:
            with database:
                database.executemany(_INSERT, values.items())
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
            with closing(database.execute("SELECT key, value FROM kept LIMIT 1")) as rows:
                rows.fetchone()
        except sqlite3.Error as error:
            database.close()
            return self._opened() if self._give_up(error) else None
        return database

    def _give_up(self, error: sqlite3.Error | OSError) -> bool:
        """Whether the file was damaged and is out of the way now."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # only SQLite's own
        if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            log.warning("%s: nothing is kept: %s", self._path, error)
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
