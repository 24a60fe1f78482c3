"""Where files of a person come into being, and what an interrupted command left of them."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .people import PRIVATE_FOLDER, Folder, Person, make_private

_STAGE = ".intake"
_OLD = ".crops-old"


@contextmanager
def staging(folder: Folder) -> Generator[Path]:
    """An empty folder within the person's, gone afterwards. The caller holds the person's."""
    stage = folder.path / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    make_private(stage)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def exchange_crops(folder: Folder, made: Path) -> None:
    """Puts a folder of crops in the place of the old one."""
    old = folder.path / _OLD
    shutil.rmtree(old, ignore_errors=True)
    if folder.crops.exists():
        folder.crops.rename(old)
    made.chmod(PRIVATE_FOLDER)
    made.rename(folder.crops)
    shutil.rmtree(old, ignore_errors=True)


def sweep(folder: Folder, person: Person | None) -> None:
    """Removes what no record names: photos and crops of a command that was interrupted."""
    for name in (_STAGE, _OLD):
        shutil.rmtree(folder.path / name, ignore_errors=True)
    kept = {Path(photo.file).name for photo in person.photos} if person else set[str]()
    if folder.photos.is_dir():
        for file in folder.photos.iterdir():
            if file.name not in kept:
                file.unlink(missing_ok=True)
    if person is None:
        for below in (folder.photos, folder.crops):
            shutil.rmtree(below, ignore_errors=True)
        (folder.path / "crops.jpg").unlink(missing_ok=True)
    for file in folder.path.glob(".*.part"):
        file.unlink(missing_ok=True)
