"""One process that looks at photos and crops them, started anew and never forked.

    comes in                              goes out
    ------------------------------------  --------------------------------------------------
    (at the start)                        READY, or Refused where photos cannot be examined
    (task, what is given to it)           what it gives, or Refused where it breaks down
    end of the pipe, also a dead driver   the process ends

Only this module reaches the pack's heavy side, and only in that process: the driver itself loads no
arrays and no networks. A photo that kills the process, or keeps it busy for too long, costs that
photo alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from stockwright.core.errors import StockwrightError
from stockwright.core.portraits import Describing, Intake

from ..errors import IntakeFailed

_SECONDS = 300.0
"""A photo takes a few; one that takes so long hangs."""
_LOADING_SECONDS = 900.0
_MODEL_SECONDS = 900.0
"""A language model that does not answer is asked again, and told as that before this ends."""
_MILD = 10
"""How far the process stands back behind a server that samples on the same machine (`nice`)."""

READY = "ready"

Folders = Mapping[str, Sequence[Path]]
"""Model folders by their names."""
Rows = Sequence[Sequence[tuple[Path, str, str]]]
"""Of a contact sheet: file, heading and caption of each picture."""


class Died(Exception):
    """The process did not survive what it was asked; another one is ready."""


@dataclass(frozen=True, slots=True)
class Refused:
    what: str
    where: str = ""
    hint: str = ""


class Worker:
    """The process, as a context. It starts with the first task: it loads for seconds, and where
    all photos are known there is none.

    `examine`, `hash_of`, `cut` and `describe` are those of `engine.portraits.studio.Studio`;
    `sheet` gives the JPEG of its rows. All raise Died, and IntakeFailed if photos cannot be
    examined here.
    """

    def __init__(self, intake: Intake, folders: Folders) -> None:
        self._made = (intake, {name: list(paths) for name, paths in folders.items()})
        self._runs = False

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._runs:
            self._stop()

    def examine(self, photo: Path, kept: Path) -> Any:
        return self._do("examine", photo, kept)

    def hash_of(self, kept: Path) -> str:
        return self._do("hash_of", kept)

    def cut(self, kept: Path, stem: Path) -> Sequence[Any]:
        return self._do("cut", kept, stem)

    def describe(self, crop: Path, asked: Describing) -> list[str]:
        return self._do("describe", crop, asked, seconds=_MODEL_SECONDS)

    def sheet(self, rows: Rows) -> bytes:
        return self._do("sheet", rows)

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=work, args=(theirs, *self._made), daemon=True)
        self._process.start()
        theirs.close()  # so that its end is the end of the pipe
        self._runs = True
        try:
            self._answer(_LOADING_SECONDS)
        except Died as error:
            self._stop()
            raise IntakeFailed(
                f"the process that examines photos does not start (exit code"
                f" {self._process.exitcode})",
                hint="Memory may be short: look into the system's log, then try again.",
            ) from error
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        self._runs = False
        self._pipe.close()
        self._process.kill()
        self._process.join()

    def _do(self, task: str, *given: Any, seconds: float = _SECONDS) -> Any:
        if not self._runs:
            self._start()
        try:
            self._pipe.send((task, given))
            return self._answer(seconds)
        except (Died, BrokenPipeError, ConnectionResetError) as error:
            self._stop()
            self._start()
            raise Died from error

    def _answer(self, seconds: float) -> Any:
        if not self._pipe.poll(seconds):
            raise Died
        try:
            said = self._pipe.recv()
        except (EOFError, ConnectionResetError) as error:
            raise Died from error
        if isinstance(said, Refused):
            raise IntakeFailed(said.what, where=said.where, hint=said.hint)
        return said


def work(pipe: Connection, intake: Intake, folders: Folders) -> None:
    """Does tasks until the pipe ends. The driver decides when to stop: Ctrl-C is its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_MILD)
    os.umask(0o077)
    try:
        studio = _loaded(intake, folders)
        if isinstance(studio, Refused):
            pipe.send(studio)
            return
        pipe.send(READY)
        while True:
            pipe.send(_done(studio, *pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _loaded(intake: Intake, folders: Folders) -> Any:
    try:
        from stockwright.engine.portraits.studio import Studio

        return Studio(intake, folders)
    except StockwrightError as error:
        return Refused(error.what, error.where, error.hint)
    except ImportError as error:
        return Refused(f"{error}", hint="Install what it needs: pip install 'stockwright[avatars]'")


def _done(studio: Any, task: str, given: tuple[Any, ...]) -> Any:
    try:
        return getattr(studio, task)(*given)
    except StockwrightError as error:
        return Refused(error.what, error.where, error.hint)
    except OSError as error:
        # Neither its text nor its place: both may hold the name of a photo.
        what = f"a file of the person cannot be read or written: {error.strerror}"
        return Refused(what, hint="Make room, then give the same command again.")
    except Exception as error:  # noqa: BLE001 - the driver raises it
        return Refused(f"a photo cannot be examined: {type(error).__name__}")
