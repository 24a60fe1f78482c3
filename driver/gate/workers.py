"""The worker processes of the quality gate: started anew, never forked, and replaced when they die.

Nothing here waits unless it is told to. A task is sent at once to the worker with the fewest; pipes
hold them, so workers go on while the driver waits for the server. There are never more than BACKLOG
tasks under way: `give` waits then. A worker that says nothing for too long is killed; that is a
death like any other.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from ..errors import QualityFailed
from .worker import Answer, Make, Ready, Refused, Said, Task, work

BACKLOG = 64
"""Pictures under way. Their tasks, and their answers, fit into the buffers of the pipes."""

DEATHS = 3
"""Deaths of workers over one picture, or at the start, until the run is stopped."""

TASK_SECONDS = 300.0
"""A picture takes a second or so; a worker that is silent for so long over one hangs."""

LOADING_SECONDS = 900.0
"""The same until its checks are loaded, from a slow disk perhaps."""

MOST = 4
_LEFT_TO_THE_SERVER = 4
"""Processor cores for each worker."""
_STOP_SECONDS = 2.0


@dataclass(eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    tasks: dict[int, Task] = field(default_factory=dict[int, Task])
    """Sent and not answered, the one that is examined first."""
    ready: bool = False
    since: float = field(default_factory=time.monotonic)
    """When it was heard last, or given something to do."""

    @property
    def left(self) -> float:
        """Seconds until it is taken to hang; endless at rest."""
        if self.ready and not self.tasks:
            return float("inf")
        patience = TASK_SECONDS if self.ready else LOADING_SECONDS
        return self.since + patience - time.monotonic()


class Workers:
    """Starts `number` processes (or as many as the machine should have), used as a context."""

    def __init__(self, make: Make, number: int | None = None) -> None:
        self._make = make
        cores = os.cpu_count() or 1
        self._number = number or max(1, min(MOST, cores // _LEFT_TO_THE_SERVER))
        self.missing: Mapping[str, str] = {}
        """Checks that cannot be made here, with what to install; known once a worker is ready."""
        self._workers: list[_Worker] = []
        self._heard: list[Answer] = []
        self._deaths: dict[int | None, int] = {}

    def __enter__(self) -> Workers:
        self._workers = [self._start() for _ in range(self._number)]
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_STOP_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers = []

    @property
    def processes(self) -> list[int]:
        """Their process ids."""
        return [worker.process.pid or 0 for worker in self._workers]

    @property
    def open(self) -> int:
        """Tasks without an answer."""
        return sum(len(worker.tasks) for worker in self._workers)

    def give(self, task: Task) -> None:
        while self.open >= BACKLOG:
            self._hear(None)
        self._send([task])

    def answers(self, *, waiting: bool) -> list[Answer]:
        """Answers that came since the last call; `waiting`: at least one, if any is to come.

        Raises QualityFailed.
        """
        self._hear(0)
        while waiting and not self._heard and self.open:
            self._hear(None)
        heard, self._heard = self._heard, []
        return heard

    def _start(self) -> _Worker:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=work, args=(theirs, self._make), daemon=True)
        process.start()
        theirs.close()  # so that its end is the end of the pipe
        return _Worker(process, ours)

    def _send(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            worker = min(self._workers, key=lambda one: len(one.tasks))
            if worker.ready and not worker.tasks:
                worker.since = time.monotonic()
            worker.tasks[task.number] = task
            try:
                worker.pipe.send(task)
            except (BrokenPipeError, ConnectionResetError):
                self._replace(worker)

    def _hear(self, seconds: float | None) -> None:
        """Takes what the workers said, after up to `seconds`, or None for as long as it takes."""
        by_pipe = {worker.pipe: worker for worker in self._workers}
        if seconds is None:
            least = min(worker.left for worker in self._workers)
            seconds = max(least, 0.0) if least < float("inf") else None
        for pipe in wait(list(by_pipe), seconds):
            worker = by_pipe[pipe]  # type: ignore[index]
            if worker not in self._workers:  # replaced since, for another one that died
                continue
            try:
                while worker.pipe.poll():
                    self._take(worker, worker.pipe.recv())
            except (EOFError, ConnectionResetError):
                self._replace(worker)
        for worker in [one for one in self._workers if one.left <= 0]:
            worker.process.kill()
            self._replace(worker)

    def _take(self, worker: _Worker, said: Said) -> None:
        worker.since = time.monotonic()
        match said:
            case Ready(missing):
                worker.ready = True
                self._deaths.pop(None, None)
                self.missing = missing
            case Refused(number, what, where, hint):
                task = None if number is None else worker.tasks[number]
                raise QualityFailed(what, where=where or (task.path if task else ""), hint=hint)
            case Answer():
                del worker.tasks[said.number]
                self._deaths.pop(said.number, None)
                self._heard.append(said)

    def _replace(self, dead: _Worker) -> None:
        """Starts another worker in place of a dead one, and gives it what that one had."""
        if dead not in self._workers:
            return
        dead.pipe.close()
        dead.process.join()
        tasks = list(dead.tasks.values())
        first = tasks[0].number if tasks else None
        self._deaths[first] = self._deaths.get(first, 0) + 1
        if self._deaths[first] >= DEATHS:
            raise QualityFailed(
                f"the process that examines pictures died, or hung, {DEATHS} times"
                f" (exit code {dead.process.exitcode})",
                where=tasks[0].path if tasks else "",
                hint="Memory may be short: look into the system's log, then give the same command"
                " again. A picture that cannot be examined may be deleted: it is made anew.",
            )
        self._workers[self._workers.index(dead)] = self._start()
        self._send(tasks)
