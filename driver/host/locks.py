"""A lock that a program started under it can hold on to, on Linux and macOS.

Standard library only: it also runs before the project's packages are installed.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

_POLL_SECONDS = 0.5


def acquire(path: Path, waiting: Callable[[float], None]) -> TextIO:
    """The open file `path` with the lock on it, once nobody else has it.

    The lock ends when the file is closed, here and in every program that it was passed on to, or
    with the last of them that lives. `waiting` gets the seconds waited so far, twice a second.
    """
    lock = path.open("w")
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            waiting(time.monotonic() - began)
            time.sleep(_POLL_SECONDS)
        except BaseException:
            lock.close()
            raise
