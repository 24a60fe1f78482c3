"""What runs in a worker process of the quality gate: one picture after the other.

    comes in                              goes out
    ------------------------------------  --------------------------------------------------
    (at the start)                        Ready, or Refused where the checks cannot be made
    Task                                  Answer, or Refused where a check breaks down
    end of the pipe, also a dead driver   the process ends

Only this module may reach the pack's heavy side, and only in a worker: the driver itself loads no
arrays and no networks.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from stockwright.core.errors import StockwrightError

_MILD = 10
"""How far a worker stands back behind the server that samples on the same machine (`nice`)."""


@dataclass(frozen=True, slots=True)
class Task:
    """A picture to examine. `size`: the (width, height) that it shall have, None where nobody can
    tell; `people`: whether its theme and kind want any."""

    number: int
    path: str
    size: tuple[int, int] | None
    people: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """The checks are loaded. `missing`: those that cannot be made here, with what to install."""

    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no verdict; `number` is None if not even the checks could be loaded."""

    number: int | None
    what: str
    where: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`verdict` has the keys of `engine.quality.gate.Verdict.to_dict`."""

    number: int
    verdict: dict[str, Any]
    seconds: float


Said = Ready | Refused | Answer


class Examiner(Protocol):
    """What is used of `engine.quality.gate.Gate`."""

    @property
    def missing(self) -> Mapping[str, str]: ...

    def examine(self, path: Path, *, size: tuple[int, int] | None, people: bool) -> Any: ...


Make = Callable[[], Examiner]
"""Loads the checks; it has to survive pickling."""

Vectors = Sequence[Sequence[float]]
"""dlib's vectors of the faces in a person's photos, 128 numbers each; none: nobody is known."""


def quality_checks(
    settings: Mapping[str, Any], folders: Mapping[str, Sequence[Path]], person: Vectors
) -> Examiner:
    """The checks of the pack, with model files from `folders` (by the model folder's name)."""
    from stockwright.engine.quality.gate import Gate

    return Gate(settings, folders, person)


def work(pipe: Connection, make: Make) -> None:
    """Answers tasks until the pipe ends. The driver decides when to stop: Ctrl-C is its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_MILD)
    os.environ["OMP_NUM_THREADS"] = "1"  # before the arrays are imported
    try:
        examiner = _loaded(pipe, make)
        while examiner is not None:
            pipe.send(_examined(examiner, pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _loaded(pipe: Connection, make: Make) -> Examiner | None:
    try:
        examiner = make()
    except StockwrightError as error:
        pipe.send(Refused(None, error.what, error.where, error.hint))
    except ImportError as error:
        hint = "Install what the checks need (pip install 'stockwright[quality]'), or do without"
        pipe.send(Refused(None, str(error), hint=f"{hint} them: --no-quality."))
    else:
        pipe.send(Ready(dict(examiner.missing)))
        return examiner
    return None


def _examined(examiner: Examiner, task: Task) -> Said:
    began = time.monotonic()
    try:
        verdict = examiner.examine(Path(task.path), size=task.size, people=task.people)
    except StockwrightError as error:
        return Refused(task.number, error.what, error.where, error.hint)
    except Exception as error:  # noqa: BLE001 - the driver raises it, with the picture's path
        return Refused(task.number, f"{type(error).__name__}: {error}")
    return Answer(task.number, verdict.to_dict(), time.monotonic() - began)
