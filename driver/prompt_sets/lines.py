"""Lines of files that may be large, packed, or no text at all."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from driver.errors import PromptSetInvalid

LONGEST = 1 << 20
"""Bytes of a line. A longer one is given as "": a file without line ends must not fill the
memory."""
_BINARY_IN = 4096


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    with path.open("rb") as file:
        if path.suffix.casefold() != ".gz":
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield cast(IO[bytes], unpacked)


def text_lines(path: Path) -> Iterator[str]:
    """Each line of a text file, with its end, in UTF-8; what is not becomes U+FFFD.

    Raises:
        PromptSetInvalid: a file that is no text, or whose .gz is damaged.
    """
    try:
        with _opened(path) as file:
            yield from _lines(file, path)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise PromptSetInvalid(f"is no sound .gz file: {error}", where=str(path)) from error


def _lines(file: IO[bytes], path: Path) -> Iterator[str]:
    first = True
    while line := file.readline(LONGEST):
        if first:
            _check_text(line, path)
            line = line.removeprefix(b"\xef\xbb\xbf")
            first = False
        if len(line) == LONGEST and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
            line = b"\n"
        yield line.decode(errors="replace")


def _check_text(start: bytes, path: Path) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PromptSetInvalid("is UTF-16", where=str(path), hint="Save it as UTF-8.")
    if b"\0" in start[:_BINARY_IN] or start.startswith((b"\x1f\x8b", b"PK\x03\x04", b"PAR1")):
        raise PromptSetInvalid(
            "is no text file",
            where=str(path),
            hint="Does its ending (.csv, .parquet, .jsonl, .txt) say what it is?",
        )
