"""What `submit.py` prints: jobs and outcomes on standard output, changes of the graph on standard
error, so that standard output stays what a program reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stockwright.core.jobs import Job

from .graphs import Difference
from .session import Outcome


def print_changes(changes: Sequence[Difference]) -> None:
    """What settings change in the graphs, on standard error. Nothing where nothing is changed."""
    if not changes:
        return
    table = Table(box=None, pad_edge=False)
    for column in ("changed in the graph", "from", "to"):
        table.add_column(column, overflow="fold")
    for change in changes:
        table.add_row(*map(Text, (f"{change.title}.{change.input}", change.old, change.new)))
    _console(stderr=True).print(table)


def print_jobs(jobs: list[Job], *, as_json: bool) -> None:
    if as_json:
        for job in jobs:
            print(json.dumps(job.to_dict(), ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("kind", "subject", "prompt"):
        table.add_column(column, overflow="fold")
    for name in ("seed", "size", "job"):
        table.add_column(name, no_wrap=True)
    for theme in dict.fromkeys(job.theme for job in jobs):
        table.add_section()
        table.add_row(f"[bold]{theme}")
        for job in (job for job in jobs if job.theme == theme):
            size = f"{job.width}x{job.height}" if job.width else "the graph's"
            table.add_row(job.kind, job.subject, job.prompt, str(job.seed), size, job.id)
    _console(stderr=False).print(table)


def print_outcome(outcome: Outcome) -> None:
    folder = outcome.folder
    print(f"{counted(outcome.done, 'picture')} in {folder}")
    for sheet in outcome.sheets[:1]:
        print(f"contact sheet: {sheet}")
    if outcome.report:
        print(f"report: {outcome.report}")
    if outcome.rejected:
        print(f"{outcome.rejected} rejected, in {folder / 'rejected'}")
    if outcome.lacking and not outcome.replaceable:
        print(
            f"Not delivered: {counted(outcome.rejected, 'rejected picture')} in"
            f" {folder / 'rejected'}, each with its scores. Nothing is made in place of a picture"
            " that was there: mend it, or give other limits by --quality FILE and another --run.",
            file=sys.stderr,
        )
    elif outcome.lacking:
        lacking = ", ".join(
            f"{counted(n, 'picture')} ({kind} of {theme})"
            for (theme, kind), n in outcome.lacking.items()
        )
        print(
            f"Not delivered, since no extra tries are left: {lacking}. Give more with --run"
            f" {folder} --extra-tries N, or look into report.html whether a check is too strict.",
            file=sys.stderr,
        )
    if outcome.failed:
        print(
            f"{counted(outcome.failed, 'job')} failed; why is in {folder / 'failed.jsonl'}. The"
            " same command again makes another try.",
            file=sys.stderr,
        )


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.width = 200
    return console
