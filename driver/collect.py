"""Finished pictures: fetched from the server, checked, and put into the run folder.

A picture is refused (`PictureRefused`, the job's fault) if the graph did not save it, the server
does not have it, its bytes are not those that were saved, it does not decode, or it has not the
size that the node said it saved. A folder that cannot be written is `DiskTrouble`, the run's.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

from PIL import Image

from stockwright.core.jobs import Job, slug
from stockwright.core.names import UI_FILES

from .errors import DiskTrouble
from .ledger import StoredFile
from .server import Finished, Server

IMAGES = "images"

# Pictures of the graph's own size are expected, up to 16384 x 16384; Pillow's guard against
# decompression bombs would warn far below.
Image.MAX_IMAGE_PIXELS = 16384 * 16384


class PictureRefused(Exception):
    """The reason, in words for a person."""


def saved_files(finished: Finished) -> dict[str, dict[str, Any]]:
    """What the save nodes of a graph say they wrote, by job id."""
    return {
        str(file["job"]): file
        for output in finished.outputs.values()
        for file in (output or {}).get(UI_FILES, [])
    }


def collect(server: Server, job: Job, file: dict[str, Any] | None, folder: Path) -> StoredFile:
    """Puts the picture of a job at `images/<theme>/<kind>/<subject>-<job>` below `folder`."""
    if file is None:
        raise PictureRefused("the graph saved no picture of this job")
    data = server.view(file["filename"], file["subfolder"], file["type"])
    if data is None:
        raise PictureRefused(f"the server has no file {file['subfolder']}/{file['filename']}")
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != file["sha256"]:
        raise PictureRefused("the file is not the one that was saved: its hash differs")
    width, height = _decoded_size(data)
    if (width, height) != (file["width"], file["height"]):
        raise PictureRefused(
            f"the size is {width}x{height} instead of {file['width']}x{file['height']}"
        )
    suffix = Path(str(file["filename"])).suffix
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


def _decoded_size(data: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureRefused(f"the picture does not decode: {error}") from error
