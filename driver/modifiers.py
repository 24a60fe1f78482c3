"""`modifiers.py build FILE…`: from data sets of prompts to a table for the node *Style Modifiers*.

FILE is CSV, Parquet, JSON lines or plain text with a prompt a line; all but Parquet may be packed
as .gz. The prompts are split into phrases. The table says how often each phrase stands, and with
which subjects. It is written into the prompts folder that comes along, or into that of --into.

Exit codes: 0 done, 2 wrong use or a file that cannot be used, 3 environment, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from driver import places
    from driver.ending import ended
    from driver.hashing import file_sha256
    from driver.prompt_sets.counting import build_table
    from driver.prompt_sets.readers import Skipped, read_prompts
    from stockwright.core.forbidden import Forbidden
    from stockwright.core.jobs import slug
    from stockwright.core.modifiers.table import ENDING, ModifierTable
except ImportError as error:
    print(
        f"This Python cannot run Stockwright ({error}). Run `make setup`, then use"
        " .venv/bin/python instead of python.",
        file=sys.stderr,
    )
    sys.exit(3)
except KeyboardInterrupt:
    sys.exit(130)

REPORTED = 100_000
"""Prompts between two lines of progress."""


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    return ended(lambda: _build(args), debug=args.debug)


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="modifiers", description="Tables of the words that people add to their prompts."
    )
    several = p.add_subparsers(required=True, metavar="COMMAND")
    about = "count the phrases of prompts and write a table for the node Style Modifiers"
    add = several.add_parser("build", help=about, description=about).add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help=".csv, .parquet, .jsonl, .txt, .gz")
    add("--name", help="of the table (default: that of the first file)")
    add(
        "--into",
        type=Path,
        metavar="DIR",
        default=places.PROMPTS / "modifiers",
        help="the modifiers folder of a prompts folder (default: the one that comes along)",
    )
    add("--column", default="prompt", help="that holds the prompts (default: prompt)")
    add("--source", default="", metavar="TEXT", help="where the prompts are from, their licence")
    add("--debug", action="store_true", help="show a stack trace with an error")
    return p


class _Files:
    """The files of one table: their prompts, as often as they are asked for."""

    def __init__(self, paths: list[Path], column: str, source: str) -> None:
        self._paths, self._column, self._source = paths, column, source
        self.counts: dict[Path, int] = {}
        self.skipped: dict[Path, Skipped] = {}

    def prompts(self) -> Iterator[str]:
        again = " once more" if self.counts else ""
        total = 0
        for path in self._paths:
            skipped, count = Skipped(), 0
            for prompt in read_prompts(path, self._column, skipped):
                yield prompt
                count, total = count + 1, total + 1
                if total % REPORTED == 0:
                    print(f"{total:,} prompts read{again}", file=sys.stderr)
            self.counts[path], self.skipped[path] = count, skipped

    def notes(self) -> dict[str, Any]:
        files = [
            {"name": path.name, "sha256": file_sha256(path), "prompts": count}
            for path, count in self.counts.items()
        ]
        return {"source": self._source, "files": files, "prompts": sum(self.counts.values())}


def _build(args: argparse.Namespace) -> int:
    files = _Files([*dict.fromkeys(args.files)], args.column, " ".join(args.source.split()))
    folders = dict.fromkeys((args.into.parent, places.PROMPTS))
    table = build_table(files.prompts, Forbidden.load(folders), files.notes)
    name = args.name or args.files[0].name.split(".")[0]
    path = _write(table, args.into / f"{slug(name)}{ENDING}")
    for source, skipped in files.skipped.items():
        if skipped.count:
            examples = "".join(f"\n    {line}" for line in skipped.examples)
            print(f"{source}: {skipped.count} left out{examples}", file=sys.stderr)
    print(f"{path}: {len(table.phrases)} phrases from {table.notes['prompts']:,} prompts")
    if not args.source:
        print("Where are they from? --source writes it into the table.", file=sys.stderr)
    return 0


def _write(table: ModifierTable, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(table.to_text(), encoding="utf-8")
    part.replace(path)
    return path


if __name__ == "__main__":
    sys.exit(main())
