"""One file, put in place whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import time
import uuid
from pathlib import Path

_PART = re.compile(r"\.[0-9a-f]{32}\.part")
_SURELY_LEFT = 60.0
"""Seconds. Another server may be writing into the same folder."""
_started = time.time()
_swept: set[Path] = set()
"""Folders in which this process has looked for what a killed one has left."""


def put(path: Path, data: bytes) -> None:
    """Writes the file next to its place, makes sure that it is on the disk, and renames it.

    Raises OSError; then what was there before is still there, and nothing half is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    # Of this call alone: two graphs may save the same job. Short, since names have a limit.
    temporary = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sweep(folder: Path) -> None:
    """Removes the parts of files in whose midst an earlier process was killed. Once for a folder;
    what cannot be listed or removed stays, and is no reason not to write."""
    if folder in _swept:
        return
    _swept.add(folder)
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            with contextlib.suppress(OSError):
                if _PART.fullmatch(file.name) and file.stat().st_mtime < _started - _SURELY_LEFT:
                    file.unlink()


def _sync_folder(folder: Path) -> None:
    """Makes the new name itself last. Windows has no such call, and some shares refuse it; the file
    is written all the same."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
