"""Files that are written by other threads than the one that asks for them.

    submit ──> queued ──> being written ──> Written, or a reason why not
       └─ waits while what is queued and written holds more than `most_bytes`

What is queued when the interpreter ends is written before it does; `close` does the same at once.
Each `submit` gets a ticket, under which what became of its files can be asked for later.
"""

from __future__ import annotations

import logging
import threading
import traceback
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import SavingUnavailable, StockwrightError

log = logging.getLogger(__name__)

_SLICE = 0.1
"""Seconds after which a wait looks whether the run was interrupted."""
_MOST_TICKETS = 20_000
"""More than graphs in ComfyUI's history, so that whoever finds a graph there finds its files."""


@dataclass(frozen=True, slots=True)
class Written:
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Failed:
    reason: str


Outcome = Written | Failed


@dataclass(frozen=True, slots=True)
class Task:
    """One file. `write` is called in another thread and puts the file at `path`; what it raises
    becomes the reason of a `Failed`. `name` tells the file from the others of its ticket."""

    name: str
    path: Path
    write: Callable[[], Written]


class Writer:
    """Args:
    threads: how many files are written at once.
    most_bytes: of pictures that are held. More are taken only where nothing else is held.
    """

    def __init__(self, threads: int, most_bytes: int) -> None:
        # Its threads start with the first file. They are joined, their queue empty, when the
        # interpreter ends: daemon threads would be cut off in the middle of a file.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="stockwright-save")
        self._most_bytes = most_bytes
        # Reentrant, since a signal's handler may call `close` in a thread that is in here.
        self._changed = threading.Condition(threading.RLock())
        self._held = 0
        self._closed = False
        self._tickets: OrderedDict[str, dict[str, Future[Outcome]]] = OrderedDict()
        self._last: dict[Path, Future[Outcome]] = {}

    def submit(
        self, tasks: Sequence[Task], held_bytes: int, check: Callable[[], None] = lambda: None
    ) -> str:
        """Queues the files and returns their ticket.

        Args:
            held_bytes: what the tasks keep in memory until the last of them is done.
            check: called again and again while there is no room; it may raise to give up.

        Raises:
            SavingUnavailable: the writer is closed.
        """
        with self._changed:
            while self._held and self._held + held_bytes > self._most_bytes and not self._closed:
                self._changed.wait(_SLICE)
                check()
            if self._closed:
                raise SavingUnavailable(
                    "the server is being stopped", where="Save Stock Image", hint="Run it again."
                )
            self._held += held_bytes
            open_tasks = [held_bytes] * len(tasks)
            ticket = uuid.uuid4().hex
            self._tickets[ticket] = {task.name: self._queue(task, open_tasks) for task in tasks}
            while len(self._tickets) > _MOST_TICKETS:
                self._tickets.popitem(last=False)
        return ticket

    def outcomes(self, ticket: str) -> dict[str, Future[Outcome]] | None:
        """What becomes of each file, by the names of the tasks; None for an unknown ticket."""
        with self._changed:
            found = self._tickets.get(ticket)
            return None if found is None else dict(found)

    def pending(self, path: Path) -> Future[Outcome] | None:
        """What is to be at `path`, as long as it is not there yet."""
        with self._changed:
            return self._last.get(path)

    def pending_below(self, folder: Path) -> list[Future[Outcome]]:
        """What is to be below a folder, as long as it is not there yet."""
        with self._changed:
            return [outcome for path, outcome in self._last.items() if path.is_relative_to(folder)]

    def close(self) -> None:
        """Writes all that is queued, and takes no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._pool.shutdown(wait=True)

    def _queue(self, task: Task, open_tasks: list[int]) -> Future[Outcome]:
        outcome: Future[Outcome] = Future()
        before, self._last[task.path] = self._last.get(task.path), outcome
        work = self._pool.submit(_run, task.write, before)

        # The future of the work goes with it: after an error it would hold the picture.
        def settle(done: Future[Written]) -> None:
            result = _outcome(done, task)
            with self._changed:
                if self._last.get(task.path) is outcome:
                    del self._last[task.path]
                freed = open_tasks.pop()
                if not open_tasks:
                    self._held -= freed
                    self._changed.notify_all()
            outcome.set_result(result)

        work.add_done_callback(settle)
        return outcome


def _run(write: Callable[[], Written], before: Future[Outcome] | None) -> Written:
    if before is not None:
        # The later file of one name is to stay. The earlier one is being written by now: the
        # queue is in order.
        wait([before])
    return write()


def _outcome(done: Future[Written], task: Task) -> Outcome:
    error = done.exception()
    if error is None:
        return done.result()
    reason = f"{task.path.name} was not written: {_words(error)}"
    # As text: whoever keeps the log's records would keep the picture with the error.
    expected = isinstance(error, (OSError, ValueError, StockwrightError))
    trace = "" if expected else "\n" + "".join(traceback.format_exception(error))
    log.error("job %s: %s%s", task.name, reason, trace)
    return Failed(reason)


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
