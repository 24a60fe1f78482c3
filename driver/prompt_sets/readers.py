"""Prompts from files, one by one, so that a file may be larger than the memory.

    ending                      a prompt is
    --------------------------  --------------------------------------------------
    .csv .tsv (.gz)             a field; the first row names the columns
    .jsonl .ndjson (.gz)        a field of the object in a line, or a text by itself
    .txt (.gz)                  a line
    .parquet                    a value of a text column (needs pyarrow)

What cannot be read is left out, and told by line (or row).
"""

from __future__ import annotations

import csv
import difflib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from driver.errors import PromptSetInvalid, ReaderMissing

from .lines import text_lines

LONGEST = 10_000
"""Characters of a prompt; what is longer is none."""
EXAMPLES = 5
_INSTALL = "Install it: .venv/bin/pip install pyarrow"


@dataclass(slots=True)
class Skipped:
    """What was left out: how many, and the first few."""

    count: int = 0
    examples: list[str] = field(default_factory=list[str])

    def add(self, line: int, why: str) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"line {line}: {why}")


def read_prompts(path: Path, column: str, skipped: Skipped) -> Iterator[str]:
    """The prompts of a file in their order. Equal ones that follow each other count once: data sets
    list a prompt for each of its pictures.

    Raises:
        PromptSetInvalid: a file that is not there, of an unknown kind, damaged, without the column,
            or without any prompt.
        ReaderMissing: a Parquet file, and pyarrow is not installed.
    """
    last = ""
    for line, prompt in _reader(path)(path, column, skipped):
        text = prompt.strip()
        if not text:
            continue
        if len(text) > LONGEST:
            skipped.add(line, f"has {len(text)} characters, more than {LONGEST}")
        elif "\ufffd" in text:
            skipped.add(line, "is not UTF-8")
        elif text != last:
            last = text
            yield text
    if not last:
        why = f" ({skipped.examples[-1]})" if skipped.examples else ""
        raise PromptSetInvalid(f"holds no prompts{why}", where=str(path))


Reader = Callable[[Path, str, Skipped], Iterator[tuple[int, str]]]


def _reader(path: Path) -> Reader:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there, or is no file"
        raise PromptSetInvalid(what, where=str(path))
    name = path.name.casefold()
    for ending, reader in _READERS.items():
        if name.endswith(ending):
            return reader
    raise PromptSetInvalid(
        "is of a kind that is not known", where=str(path), hint=f"Known: {', '.join(_READERS)}."
    )


def _plain(path: Path, column: str, skipped: Skipped) -> Iterator[tuple[int, str]]:
    yield from enumerate(text_lines(path), 1)


def _json_lines(path: Path, column: str, skipped: Skipped) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text_lines(path), 1):
        if not line.strip():
            continue
        try:
            value: Any = json.loads(line)
        except (ValueError, RecursionError) as error:
            skipped.add(number, f"is not JSON: {error}")
            continue
        if isinstance(value, dict):
            found = cast("dict[str, Any]", value)
            if column not in found:
                skipped.add(number, f"has no {column!r}, only {_listed(list(found))}")
                continue
            value = found[column]
        if isinstance(value, str):
            yield number, value
        else:
            skipped.add(number, f"{column!r} is no text")


def _csv(path: Path, column: str, skipped: Skipped) -> Iterator[tuple[int, str]]:
    return _rows(path, column, skipped, ",")


def _tsv(path: Path, column: str, skipped: Skipped) -> Iterator[tuple[int, str]]:
    return _rows(path, column, skipped, "\t")


def _rows(path: Path, column: str, skipped: Skipped, delimiter: str) -> Iterator[tuple[int, str]]:
    rows = csv.reader(text_lines(path), delimiter=delimiter)
    try:
        names: list[str] = next(rows, cast("list[str]", []))
        place = _place(column, names, path)
        for row in rows:
            if len(row) > place:
                yield rows.line_num, row[place]
            elif row:
                skipped.add(rows.line_num, f"has {len(row)} fields, none for {column!r}")
    except csv.Error as error:
        raise PromptSetInvalid(
            f"is no proper CSV: {error}",
            where=f"{path}, line {rows.line_num}",
            hint="Is a quotation mark left open further up?",
        ) from error


def _parquet(path: Path, column: str, skipped: Skipped) -> Iterator[tuple[int, str]]:
    try:
        import pyarrow as arrow  # pyright: ignore[reportMissingTypeStubs]
        from pyarrow import parquet  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise ReaderMissing(
            f"Parquet files need the package pyarrow: {error}", where=str(path), hint=_INSTALL
        ) from error
    package: Any = arrow
    try:
        with cast(Any, parquet).ParquetFile(path) as file:
            names: list[str] = file.schema_arrow.names
            name = names[_place(column, names, path)]
            number = 0
            for batch in file.iter_batches(batch_size=4096, columns=[name]):
                for value in batch.column(0).to_pylist():
                    number += 1
                    if isinstance(value, str):
                        yield number, value
                    elif value is not None:
                        skipped.add(number, f"{name!r} is no text")
    except (package.ArrowException, OSError) as error:
        raise PromptSetInvalid(f"is no sound Parquet file: {error}", where=str(path)) from error


def _place(column: str, names: Sequence[str], path: Path) -> int:
    """Where the column is; letter case does not matter."""
    folded = [name.strip().casefold() for name in names]
    if column.casefold() in folded:
        return folded.index(column.casefold())
    near = difflib.get_close_matches(column.casefold(), folded, n=1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    raise PromptSetInvalid(
        f"has no column {column!r}, only {_listed(names)}",
        where=str(path),
        hint=f"{meant}Name the column with --column.",
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:10])
    return (shown or "nothing") + (f" and {len(names) - 10} more" if len(names) > 10 else "")


_READERS: dict[str, Reader] = {
    **dict.fromkeys((".csv", ".csv.gz"), _csv),
    **dict.fromkeys((".tsv", ".tsv.gz"), _tsv),
    **dict.fromkeys((".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"), _json_lines),
    **dict.fromkeys((".txt", ".txt.gz"), _plain),
    ".parquet": _parquet,
}
