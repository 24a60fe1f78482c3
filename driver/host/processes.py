"""Telling processes apart and ending them, on Linux and macOS.

A process id alone names a process only while it lives; ids are used again. A process is therefore
remembered by its id and its mark, which holds the moment of its start.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

_POLL_SECONDS = 0.05


def mark(pid: int) -> str | None:
    """The start of the process as an opaque text; None when it does not run (or is a zombie)."""
    if Path("/proc/self/stat").exists():
        return _mark_from_proc(pid)
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, start = shown.stdout.strip().partition(" ")
    return start.strip() if start and not state.startswith("Z") else None


def lives(pid: int, its_mark: str) -> bool:
    return mark(pid) == its_mark


def end_group(pid: int, its_mark: str, grace_seconds: float = 60.0) -> None:
    """End the group that `pid` leads: SIGTERM, and SIGKILL for what still runs after the grace.

    The grace is for a ComfyUI that writes the pictures that it has finished.
    """
    for sign, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 30.0)):
        if not lives(pid, its_mark):
            return
        try:
            os.killpg(pid, sign)
        except ProcessLookupError:
            return
        until = time.monotonic() + seconds
        while lives(pid, its_mark) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)


def _mark_from_proc(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    except OSError:
        return None
    # The name, in brackets, may hold spaces and brackets. After it come the state (field 3) and
    # the rest of proc(5)'s fields; 20 is the number of threads, 22 the start in ticks since the
    # machine started. A zombie with threads still has them to end, and its ports open.
    fields = text.rpartition(")")[2].split()
    state, threads, start = fields[0], int(fields[17]), fields[19]
    return None if state == "X" or (state == "Z" and threads <= 1) else f"{boot} {start}"
