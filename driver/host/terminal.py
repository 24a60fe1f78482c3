"""What a set-up command shows: lasting lines, and one passing line that tells it is alive.

    say("[2/5] ...")   a line that stays
    tick("pip: 12 s")  replaced by the next line on a terminal; elsewhere one every 30 s, so that
                       a log file stays short

Standard library only: it also runs before the project's packages are installed.
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

_QUIET_SECONDS = 30.0


class Terminal:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._ticking = False
        self._last_tick = time.monotonic()

    def say(self, text: str) -> None:
        self._erase()
        print(text, file=self._stream, flush=True)
        self._last_tick = time.monotonic()

    def tick(self, text: str) -> None:
        # One line of the screen at most; a log file has no columns, and gets 79.
        text = text[: max(20, shutil.get_terminal_size().columns - 1)]
        if self._live:
            self._erase()
            print(text, end="", file=self._stream, flush=True)
            self._ticking = True
        elif time.monotonic() - self._last_tick >= _QUIET_SECONDS:
            self.say(text)

    def close(self) -> None:
        """Leave the cursor at the start of an empty line."""
        self._erase()

    def _erase(self) -> None:
        if self._ticking:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
            self._ticking = False
