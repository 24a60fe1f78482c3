"""Files for their owner alone: put in place whole or not at all, and removed to the last."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
PART = ".part"


class WrongBytes(Exception):
    """What arrived is not what was announced."""


def private_folder(place: Path, *parts: str) -> Path:
    """The folder below `place`, made, like `place` itself, for its owner alone. Raises OSError."""
    place.parent.mkdir(parents=True, exist_ok=True)
    folder = place
    for part in ("", *parts):
        folder = folder / part
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        folder.chmod(FOLDER_MODE)
    return folder


@contextmanager
def receiving(part: Path, path: Path, size: int, sha256: str) -> Generator[Callable[[bytes], None]]:
    """Gives what takes the bytes of a file, in order, into `part`; at the end it is `path`.

    Raises WrongBytes or OSError; then nothing of it is there.
    """
    digest, got = hashlib.sha256(), 0
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:

            def take(data: bytes) -> None:
                nonlocal got
                got += len(data)
                if got > size:
                    raise WrongBytes("more bytes arrived than were announced")
                digest.update(data)
                file.write(data)

            yield take
            if got != size or digest.hexdigest() != sha256:
                raise WrongBytes("the bytes that arrived are not those that were announced")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def files_below(path: Path) -> Iterator[Path]:
    """The file, or all files and links below the folder; links are not followed."""
    if path.is_symlink() or path.is_file():
        yield path
        return
    for folder, folders, files in os.walk(path):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        yield from (Path(folder) / name for name in sorted([*files, *links]))


def remove(path: Path) -> None:
    """Whatever it is; of a link, the link. What cannot be removed stays."""
    if not path.is_dir() or path.is_symlink():
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return
    with contextlib.suppress(OSError):
        path.chmod(FOLDER_MODE)
    with contextlib.suppress(OSError):
        for inner in list(path.iterdir()):
            remove(inner)
    with contextlib.suppress(OSError):
        path.rmdir()
