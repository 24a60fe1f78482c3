"""What was translated before: one SQLite file, so that nothing is paid for twice.

    translations(service, languages, pairs, text) -> english

An entry counts for one service, one pair of languages, one text and the glossary's pairs that were
given along with it. Several threads and processes may use one file: whoever writes holds its lock
from before the service is asked until the answers are stored, and so the next one finds them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import TranslationUnavailable
from ..core.glossary import Pair

PATIENCE = 600.0
"""Seconds for which a writer waits for another one: longer than a service is asked again."""

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS translations (
    service TEXT NOT NULL,
    languages TEXT NOT NULL,
    pairs TEXT NOT NULL,
    text TEXT NOT NULL,
    english TEXT NOT NULL,
    PRIMARY KEY (service, languages, pairs, text)
) WITHOUT ROWID
"""
_READ = """
SELECT english FROM translations WHERE service = ? AND languages = ? AND pairs = ? AND text = ?
"""
_WRITE = "INSERT OR REPLACE INTO translations VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a service is asked for.

    Attributes:
        source: a language code; "" leaves it to the service to find out.
        pairs: the glossary's terms in the text, with their translations.
    """

    text: str
    source: str
    pairs: tuple[Pair, ...] = ()


class Dictionary:
    """The file at `path`, opened for each use. Its methods raise TranslationUnavailable where the
    file cannot be used."""

    def __init__(self, path: Path, service: str) -> None:
        self.path = path
        self.service = service

    def read(self, phrases: Iterable[Phrase]) -> dict[Phrase, str]:
        """Those of the phrases that are known, and their translations."""
        with self._open() as file:
            return self._read(file, phrases)

    @contextmanager
    def page(self, phrases: Iterable[Phrase]) -> Iterator[tuple[dict[Phrase, str], Page]]:
        """What is known of the phrases by now, and where to put the rest.

        Nobody else writes meanwhile. What was put there is stored at the end, also if that is an
        error.
        """
        with self._open() as file:
            file.execute("BEGIN IMMEDIATE")
            page = Page()
            try:
                yield self._read(file, phrases), page
            finally:
                for phrase, english in page.entries.items():
                    file.execute(_WRITE, (*self._key(phrase), english))
                file.execute("COMMIT")

    def _read(self, file: sqlite3.Connection, phrases: Iterable[Phrase]) -> dict[Phrase, str]:
        known: dict[Phrase, str] = {}
        for phrase in phrases:
            if row := file.execute(_READ, self._key(phrase)).fetchone():
                known[phrase] = row[0]
        return known

    def _key(self, phrase: Phrase) -> tuple[str, str, str, str]:
        pairs = json.dumps(phrase.pairs, ensure_ascii=False) if phrase.pairs else ""
        return self.service, f"{phrase.source}-en", pairs, phrase.text

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            with closing(file):
                self._prepare(file)
                yield file
        except (sqlite3.Error, OSError) as error:
            raise TranslationUnavailable(
                f"the file of translations cannot be used: {error}",
                where=str(self.path),
                hint="Is the disk full, or the folder read-only? A file that is broken may be "
                "deleted: what is in it is then translated again.",
            ) from error

    def _prepare(self, file: sqlite3.Connection) -> None:
        (version,) = file.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise TranslationUnavailable(
                "the file of translations is of a later version of Stockwright",
                where=str(self.path),
                hint="Update Stockwright, or move the file away.",
            )
        if version < _VERSION:
            file.execute(_SCHEMA)
            file.execute(f"PRAGMA user_version = {_VERSION}")


class Page:
    """New translations of one batch."""

    def __init__(self) -> None:
        self.entries: dict[Phrase, str] = {}

    def put(self, translations: Mapping[Phrase, str]) -> None:
        self.entries.update(translations)
