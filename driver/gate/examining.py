"""The gate between a made picture and a finished one.

The loop hands pictures in (`file`) and takes verdicts when it likes (`take`); only `finish` waits.
Verdicts are passed in the order in which pictures were handed in, whichever worker is ready first,
so that of two pictures that are nearly the same it is always the same one that stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from stockwright.core.jobs import Job

from ..events import Notice, PictureDone, PictureRejected, Report
from ..ledger import Entry, JobState, Ledger, StoredFile
from .describing import Embedding
from .near import Look, Near, looks
from .rejects import place_of, set_aside
from .sizes import KEY, asked_size
from .verdicts import Judged, Verdict, Verdicts
from .worker import Answer, Task
from .workers import Workers


class Gate(Protocol):
    def file(
        self,
        graph: str,
        jobs: Sequence[Job],
        files: Mapping[str, StoredFile],
        seen: Mapping[str, Embedding],
    ) -> None:
        """Takes in the pictures of a graph, by job id: in the run's folder, not in the ledger.

        `seen`: what a CLIP-vision model sees in them, as far as one has looked."""
        ...

    def take(self) -> None:
        """Passes the verdicts that are there."""
        ...

    def finish(self) -> None:
        """Waits until all pictures that were handed in have their verdicts."""
        ...


class OpenGate:
    """Without checks: every picture is finished at once."""

    def __init__(self, ledger: Ledger, folder: Path, report: Report) -> None:
        self._ledger, self._folder, self._report = ledger, folder, report

    def file(
        self,
        graph: str,
        jobs: Sequence[Job],
        files: Mapping[str, StoredFile],
        seen: Mapping[str, Embedding],
    ) -> None:
        self._ledger.finish(graph, files)
        for job in jobs:
            if job.id in files:
                self._report(picture_done(job, self._folder / files[job.id].path))

    def take(self) -> None:
        """Nothing waits."""

    def finish(self) -> None:
        """Nothing waits."""


class QualityGate:
    """Examines in worker processes while the `with` block lasts, and first what an earlier driver
    left unexamined."""

    def __init__(
        self,
        ledger: Ledger,
        folder: Path,
        report: Report,
        *,
        workers: Workers,
        near: Near,
        people: Callable[[Job], bool],
    ) -> None:
        """`people` says of a job whether its theme and kind want people in the picture."""
        self._ledger, self._folder, self._report = ledger, folder, report
        self._workers, self._near, self._people = workers, near, people
        self._verdicts = Verdicts(ledger)
        self._given: dict[int, Entry] = {}
        self._answers: dict[int, Answer] = {}
        self._next = 0
        self._told = False
        self._open = ExitStack()

    def __enter__(self) -> QualityGate:
        self._near.remember(looks(self._verdicts.looks()))
        self._open.enter_context(self._workers)
        for entry in self._verdicts.waiting():
            self._give(entry)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def file(
        self,
        graph: str,
        jobs: Sequence[Job],
        files: Mapping[str, StoredFile],
        seen: Mapping[str, Embedding],
    ) -> None:
        self._verdicts.describe({job: one for job, one in seen.items() if job in files})
        self._ledger.finish(graph, files, state=JobState.MADE)
        for job in jobs:
            if job.id in files:
                self._give(Entry(job, JobState.MADE, files[job.id], None))

    def take(self) -> None:
        self._pass(self._workers.answers(waiting=False))

    def finish(self) -> None:
        while self._given:
            self._pass(self._workers.answers(waiting=True))

    def _give(self, entry: Entry) -> None:
        file, number = entry.file, self._next
        assert file is not None
        self._next += 1
        self._given[number] = entry
        path, people = str(self._folder / file.path), self._people(entry.job)
        size = asked_size(self._ledger.settled(KEY), entry.job)
        self._workers.give(Task(number, path, size, people))

    def _pass(self, answers: Sequence[Answer]) -> None:
        if self._workers.missing and not self._told:
            self._told = True
            for name, what in self._workers.missing.items():
                self._report(Notice(f"The check {name} is not made: {what}"))
        self._answers |= {answer.number: answer for answer in answers}
        for number in list(self._given):  # in the order in which they were given
            if number not in self._answers:
                return
            self._judge(self._given[number], self._answers.pop(number))
            del self._given[number]

    def _judge(self, entry: Entry, answer: Answer) -> None:
        job, file = entry.job, entry.file
        assert file is not None
        verdict = Verdict.of(answer.verdict)
        look = Look(job.id, verdict.phash, self._verdicts.embedding(job))
        verdict = self._near.compared(look, verdict)
        if not verdict.reasons:
            self._verdicts.put(job, verdict, answer.seconds, None)
            self._report(picture_done(job, self._folder / file.path))
            return
        moved = place_of(file)
        self._verdicts.put(job, verdict, answer.seconds, moved)
        set_aside(self._folder, Judged(replace(entry, file=moved), verdict, answer.seconds))
        path = str(self._folder / moved.path)
        reasons = list(verdict.reasons)
        self._report(PictureRejected(job.id, job.theme, job.kind, job.subject, path, reasons))


def picture_done(job: Job, path: Path) -> PictureDone:
    return PictureDone(job.id, job.theme, job.kind, job.subject, str(path))
