"""How a run looks to a person, and to a program.

terminal      a bar with pictures done, rate, time left and what runs now; notices above it
not a terminal  notices and failures only, on standard error
--json        one line an event on standard output
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from .events import (
    AttemptFailed,
    Event,
    NodeRuns,
    Notice,
    PictureDone,
    PictureRejected,
    Planning,
    Report,
    RunStarted,
    ThemePlanned,
    Waiting,
    to_json,
)


class _RateColumn(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        speed = task.speed or 0.0
        return Text(f"{speed:.1f}/s" if speed >= 0.1 else f"{speed * 60:.1f}/min")


@contextmanager
def reporting(*, as_json: bool) -> Generator[Report]:
    """A place for events to go, chosen by what standard error is."""
    console = Console(stderr=True, highlight=False)
    if as_json:
        yield lambda event: print(to_json(event), flush=True)
    elif console.is_terminal:
        with _bar(console) as progress:
            yield _TerminalReport(progress)
    else:
        yield _quiet


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[now]}"),
        console=console,
        transient=True,
    )


def _quiet(event: Event) -> None:
    match event:
        case Notice(text):
            print(text, file=sys.stderr, flush=True)
        case AttemptFailed(job, reason, final):
            print(_failure(job, reason, final), file=sys.stderr, flush=True)
        case ThemePlanned():
            for note in event.notes:
                print(note, file=sys.stderr, flush=True)
        case _:
            pass


def _planned(event: ThemePlanned) -> str:
    text = f"planned {event.jobs} jobs for {event.theme}, {event.subjects} subjects"
    if refused := sorted(event.refused.items(), key=lambda item: -item[1]):
        text += "; replaced: " + ", ".join(f"{n} {reason}" for reason, n in refused)
    return "\n".join([text, *event.notes])


def _failure(job: str, reason: str, final: bool) -> str:
    return f"job {job} {'is given up' if final else 'is tried again'}: {reason}"


def _rejection(event: PictureRejected) -> str:
    return f"{event.kind}, {event.subject}: rejected ({', '.join(event.reasons)})"


class _TerminalReport:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=None, now="")
        self._total = self._done = 0

    def __call__(self, event: Event) -> None:
        progress, task = self._progress, self._task
        match event:
            case Notice(text):
                progress.console.print(escape(text))
            case AttemptFailed(job, reason, final):
                progress.console.print(f"[yellow]{escape(_failure(job, reason, final))}")
            case PictureRejected():
                progress.console.print(f"[yellow]{escape(_rejection(event))}")
            case Waiting(text):
                progress.update(task, now=escape(text))
            case RunStarted(_, total, done):
                self._total, self._done = total, done
                self._pictures()
            case Planning(theme, done, total):
                progress.update(
                    task, description="planning", total=total, completed=done, now=escape(theme)
                )
            case ThemePlanned():
                progress.console.print(escape(_planned(event)))
                self._pictures()
            case NodeRuns(_, node, value, maximum):
                step = f" {value:g}/{maximum:g}" if maximum > 1 else ""
                progress.update(task, now=escape(node) + step)
            case PictureDone():
                self._done += 1
                if progress.tasks[0].description != "pictures":
                    self._pictures()
                progress.update(task, completed=self._done)
            case _:
                pass

    def _pictures(self) -> None:
        """Shows pictures from here on; their rate begins anew."""
        self._progress.reset(
            self._task,
            description="pictures",
            total=self._total,
            completed=self._done,
            now="",
        )
