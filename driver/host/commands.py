"""Running another program for minutes: its output kept back, a sign of life every second.

Standard library only: it also runs before the project's packages are installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Tick = Callable[[str], None]

_KEPT_LINES = 200
# Whole words of pip's and Python's, since a compiler's output may speak of proxies and OpenSSL too.
_NETWORK_SIGNS = (
    "connectionerror",
    "connection broken",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "name resolution",
    "timed out",
    "proxyerror",
    "sslerror",
    "certificate verify failed",
)
_NOISE = ("is ignored: it is neither a file nor a directory", "[notice]")
PIP_OPTIONS = ("--no-input", "--disable-pip-version-check", "--progress-bar", "off")


class CommandFailed(Exception):
    """A program ended with `status` other than 0; `lines` are the last ones that it wrote."""

    def __init__(self, argv: Sequence[str], status: int, lines: Sequence[str]) -> None:
        super().__init__(f"{Path(argv[0]).name} ended with status {status}")
        self.argv = tuple(argv)
        self.status = status
        self.lines = tuple(lines)

    def tail(self, count: int = 12) -> str:
        """The last `count` lines, indented."""
        return "\n".join(f"    {line}" for line in self.lines[-count:])


def advice(lines: Sequence[str]) -> str:
    """What to do about a command that ended with these lines."""
    text = "\n".join(lines).lower()
    if "no space left" in text or "quota exceeded" in text:
        return "Free some disk space and run the same command again: it goes on where it stopped."
    if "permission denied" in text or "read-only file system" in text:
        return "Make that place writable and run the same command again."
    if any(sign in text for sign in _NETWORK_SIGNS):
        return "Check the network and pip's index settings, then run the same command again."
    if "no matching distribution" in text:
        return (
            "The package index has none for this Python "
            f"({sys.version.split()[0]}) and machine: check pip's index settings."
        )
    return "Run the same command again: what is done is not done again."


def run(
    argv: Sequence[str],
    what: str,
    tick: Tick,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    keeping: Sequence[int] = (),
) -> None:
    """Run `argv` to its end; from the third second on `tick` gets a line every second.

    `env` adds to this process's environment; the program keeps the file descriptors `keeping`
    open. Raises CommandFailed, or OSError when the program cannot be started. An interruption ends
    the program too.
    """
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        cwd=cwd,
        pass_fds=keeping,
    )
    lines: deque[str] = deque(maxlen=_KEPT_LINES)
    reader = threading.Thread(target=_keep_lines, args=(process, lines), daemon=True)
    reader.start()
    began = time.monotonic()
    try:
        while reader.is_alive():
            reader.join(timeout=1.0)
            elapsed = time.monotonic() - began
            if elapsed >= 3 and reader.is_alive():
                last = f"  {lines[-1].strip()}" if lines else ""
                tick(f"{what}: {elapsed:.0f} s{last}")
        status = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if status != 0:
        raise CommandFailed(argv, status, lines)


def pip(
    python: Path | str,
    arguments: Sequence[str],
    what: str,
    tick: Tick,
    *,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run pip of the interpreter `python`; what an interrupted pip left behind is removed first.

    One at a time in a virtual environment: a pip whose starter was killed has its end awaited.
    """
    command, *rest = arguments
    line = [str(python), "-m", "pip", command, *PIP_OPTIONS, *rest]
    home = _environment(Path(python))
    if home is None:
        run(line, what, tick, env=env)
        return

    # Not on Windows, where a driver of another machine's server may well be imported.
    from driver.host import locks

    def waiting(seconds: float) -> None:
        if seconds >= 3:
            tick(f"{what}: waits for another pip in {home}: {seconds:.0f} s")

    with locks.acquire(home / "pip.lock", waiting) as lock:
        mend_packages(home)
        run(line, what, tick, env=env, keeping=[lock.fileno()])


def _environment(python: Path) -> Path | None:
    """The virtual environment of the interpreter, if it is in one."""
    home = python.absolute().parent.parent
    return home if (home / "pyvenv.cfg").is_file() else None


def mend_packages(home: Path) -> None:
    """Make pip install again what a killed pip left half done in the virtual environment `home`.

    pip writes a package's INSTALLER file after all others, and moves what it replaces to names
    that begin with "~".
    """
    for packages in home.glob("lib/python3*/site-packages"):
        for leftover in packages.glob("~*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for info in packages.glob("*.dist-info"):
            if not (info / "INSTALLER").is_file():
                shutil.rmtree(info)


def _keep_lines(process: subprocess.Popen[str], lines: deque[str]) -> None:
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            text = line.rstrip()
            if text and not any(noise in text for noise in _NOISE):
                lines.append(text)
