"""The photos that PhotoMaker is shown: the fittest of a person, each cut to the face."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from .people import Folder, Person, Photo

PURPOSE = "instant"
"""The folder of their copies on a server."""
_SIDE = 512
"""Pixels of the longer side: Load Person Photos gives references of this size."""


def chosen(person: Person, count: int) -> tuple[Photo, ...]:
    """The fittest photos, `count` at most."""
    return person.best[:count]


def digest_of(photos: Sequence[Photo]) -> str:
    """SHA-256 of what they are, in their order."""
    return hashlib.sha256(",".join(photo.sha256 for photo in photos).encode()).hexdigest()


def references(
    folder: Folder, person: Person, photos: Sequence[Photo], framing: str
) -> dict[str, bytes]:
    """PNG files by names that tell nothing. Of each photo its crop of this framing is taken; the
    photo itself where it has none."""
    crops = {crop.photo: crop.file for crop in person.crops if crop.framing == framing}
    files = [crops.get(photo.sha256, photo.file) for photo in photos]
    return {
        f"{number}.png": _small(folder.path / file) for number, file in enumerate(files, start=1)
    }


def _small(path: Path) -> bytes:
    with Image.open(path) as image:
        small = image.convert("RGB")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return buffer.getvalue()
