"""One file, put in place whole or not at all."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path


def put(path: Path, data: bytes) -> None:
    """Writes the file next to its place, makes sure that it is on the disk, and renames it.

    Raises OSError; then what was there before is still there, and nothing half is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
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


def _sync_folder(folder: Path) -> None:
    """Makes the new name itself last. Windows has no such call, and some shares refuse it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
