"""Finished pictures: fetched from the server, checked, and put into the run folder.

A picture is refused (`PictureRefused`, the job's fault) if the graph did not save it, the server
does not have it, its bytes are not those that were saved, it does not decode, or its size is not
the one that the node saved, or less than the job's. A folder that cannot be written is
`DiskTrouble`, the run's.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from PIL import Image

from stockwright.core.jobs import Job, slug
from stockwright.core.names import UI_FILES

from .errors import DiskTrouble
from .ledger import StoredFile
from .server import Finished, Server

IMAGES = "images"
FORMATS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
"""Pillow's names of the formats that are taken, with the endings of their files."""

# Pictures of the graph's own size are expected, up to 16384 x 16384; Pillow's guard against
# decompression bombs would warn far below.
Image.MAX_IMAGE_PIXELS = 16384 * 16384


class PictureRefused(Exception):
    """The reason, in words for a person."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """What a save node says it wrote, as the server's /view finds it."""

    filename: str
    subfolder: str
    type: str
    width: int
    height: int
    sha256: str


def saved_files(finished: Finished) -> dict[str, SavedFile]:
    """Files by job id. What is not told as *Save Stock Image* tells it does not count."""
    told = [
        cast("dict[str, Any]", file)
        for output in finished.outputs.values()
        for file in (output or {}).get(UI_FILES, [])
        if isinstance(file, dict)
    ]
    names = [field.name for field in fields(SavedFile)]
    return {
        str(file["job"]): SavedFile(**{name: file[name] for name in names})
        for file in told
        if file.keys() >= {"job", *names}
    }


def collect(server: Server, job: Job, file: SavedFile | None, folder: Path) -> StoredFile:
    """Puts the picture of a job at `images/<theme>/<kind>/<subject>-<job>` below `folder`."""
    if file is None:
        raise PictureRefused("the graph saved no picture of this job")
    data = server.view(file.filename, file.subfolder, file.type)
    if data is None:
        raise PictureRefused(f"the server has no file {file.subfolder}/{file.filename}")
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != file.sha256:
        raise PictureRefused("the file is not the one that was saved: its hash differs")
    suffix, width, height = _decode(data)
    if (width, height) != (file.width, file.height):
        raise PictureRefused(f"the size is {width}x{height} instead of {file.width}x{file.height}")
    # A graph may enlarge its pictures or crop them to another shape, but not give less than asked.
    if width < (job.width or 0) or height < (job.height or 0):
        raise PictureRefused(f"the size is {width}x{height}, less than {job.width}x{job.height}")
    relative = Path(IMAGES, slug(job.theme), slug(job.kind), f"{slug(job.subject)}-{job.id}")
    relative = relative.with_name(relative.name + suffix)
    write_file(folder / relative, data)
    return StoredFile(relative.as_posix(), width, height, len(data), sha256)


def write_file(path: Path, data: bytes) -> None:
    """Puts a file in place in one step, after its bytes are on the disk."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise DiskTrouble(
            f"the file cannot be written: {error.strerror}",
            where=str(path),
            hint="Mend that, then give the same command again: it goes on where it stopped.",
        ) from error


def _decode(data: bytes) -> tuple[str, int, int]:
    """(ending of the file's name, width, height) of a picture that decodes to its end."""
    try:
        with Image.open(io.BytesIO(data), formats=list(FORMATS)) as image:
            image.load()
            return FORMATS[str(image.format)], image.width, image.height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureRefused(f"the picture does not decode: {error}") from error
