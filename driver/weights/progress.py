"""How a pull looks: a bar with bytes, rate and time left; in a log file, lines.

terminal        one bar for what is read at this moment, lasting lines above it
not a terminal  the lasting lines, and one every 30 s that tells it is alive
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from driver.host.commands import Tick
from driver.host.terminal import Terminal


class Show(Protocol):
    def say(self, text: str) -> None:
        """A line that stays."""
        ...

    def tick(self, text: str) -> None:
        """What goes on, where its end cannot be known."""
        ...

    def amount(self, name: str, done: int, total: int | None) -> None:
        """How much of a file is there."""
        ...


@contextmanager
def showing() -> Generator[Show]:
    """A place to show it, chosen by what standard output is."""
    console = Console(highlight=False)
    if not console.is_terminal:
        yield _Lines(Terminal(sys.stdout))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress)


def in_words(count: int) -> str:
    """Bytes in a handy unit."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"


def bytes_line(name: str, done: int, total: int | None) -> str:
    return f"{name}: {in_words(done)}" + (f" of {in_words(total)}" if total else "")


class Quiet:
    """Only signs of life, for a step of something larger."""

    def __init__(self, tick: Tick) -> None:
        self._tick = tick

    def say(self, text: str) -> None:
        del text

    def tick(self, text: str) -> None:
        self._tick(text)

    def amount(self, name: str, done: int, total: int | None) -> None:
        self._tick(bytes_line(name, done, total))


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, visible=False)
        self._name = ""

    def say(self, text: str) -> None:
        self._progress.update(self._task, visible=False)
        self._progress.console.print(escape(text), soft_wrap=True)

    def tick(self, text: str) -> None:
        self._name = ""
        self._progress.reset(self._task, total=None, visible=True, description=escape(text[:60]))

    def amount(self, name: str, done: int, total: int | None) -> None:
        if name != self._name:  # the rate begins anew, and what was there before is no part of it
            self._name = name
            self._progress.reset(self._task, total=total, completed=done, description=escape(name))
        self._progress.update(self._task, completed=done, total=total, visible=True)


class _Lines:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def say(self, text: str) -> None:
        self._terminal.say(text)

    def tick(self, text: str) -> None:
        self._terminal.tick(text)

    def amount(self, name: str, done: int, total: int | None) -> None:
        self._terminal.tick(bytes_line(name, done, total))
