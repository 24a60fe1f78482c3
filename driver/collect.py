"""Finished pictures: fetched from the server, checked, and put into the run folder.

A picture is refused (`PictureRefused`, the job's fault) if the graph did not save it, or could not
write it, the server does not have it, its bytes are not those that were saved, it does not decode,
or its size is not the one that the node saved, or less than what the graph was asked for. Of a node
that tells only a file's name, any picture that decodes is taken, whatever its size. A folder that
cannot be written is `DiskTrouble`, the run's.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
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

    def __init__(self, reason: str, data: bytes = b"") -> None:
        """`data`: the file, as far as there is one."""
        super().__init__(reason)
        self.data = data


@dataclass(frozen=True, slots=True)
class SavedFile:
    """What a save node says it wrote, as the server's /view finds it. Size and hash are None where
    the node does not tell them."""

    filename: str
    subfolder: str
    type: str
    width: int | None = None
    height: int | None = None
    sha256: str | None = None
    error: str = ""
    """Why there is no such file after all."""


def saved_files(finished: Finished) -> dict[str, SavedFile]:
    """Files by job id. What is not told as *Save Stock Image* tells it does not count."""
    told = [
        cast("dict[str, Any]", file)
        for output in finished.outputs.values()
        for file in (output or {}).get(UI_FILES, [])
        if isinstance(file, dict)
    ]
    return {str(file["job"]): found for file in told if "job" in file and (found := _file(file))}


def _file(told: dict[str, Any]) -> SavedFile | None:
    place = {name: told.get(name) for name in ("filename", "subfolder", "type")}
    rest = {name: told.get(name) for name in ("width", "height", "sha256")}
    if "error" in told:
        rest = {"error": str(told["error"])}
    values = cast("dict[str, Any]", place | rest)
    return None if None in values.values() else SavedFile(**values)


def saved_image(finished: Finished, nodes: Mapping[str, int]) -> SavedFile | None:
    """The picture of a graph that makes one, whichever output node saved it.

    `nodes` are those that take pictures, the most finished first, each with the samplers in front
    of it. The more samplers the better; of as many, saved pictures go before temporary ones. A node
    that saved several pictures gives its first.
    """
    ranks = {node_id: rank for rank, node_id in enumerate(nodes)}
    found = [
        (
            -nodes.get(node_id, -1),
            told.get("type", "output") != "output",
            ranks.get(node_id, len(ranks)),
            place,
            told,
        )
        for node_id, output in finished.outputs.items()
        for place, told in enumerate(pictures(output))
    ]
    if not found:
        return None
    told = min(found, key=lambda one: one[:4])[4]
    folder = (str(told.get("subfolder") or ""), str(told.get("type") or "output"))
    return SavedFile(str(told["filename"]), *folder, error=str(told.get("error", "")))


def pictures(output: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What an output node tells of its pictures. It may have told nothing."""
    told: Any = (output or {}).get("images")
    files = cast("list[Any]", told) if isinstance(told, list) else []
    return [
        cast("dict[str, Any]", file)
        for file in files
        if isinstance(file, dict) and isinstance(file.get("filename"), str)  # type: ignore[union-attr]
    ]


def collect(
    server: Server,
    job: Job,
    file: SavedFile | None,
    folder: Path,
    asked: tuple[int, int] | None = None,
) -> StoredFile:
    """Puts the picture of a job at `images/<theme>/<kind>/<subject>-<job>` below `folder`.

    `asked`: the (width, height) that it shall have at least, where that is known.
    """
    if file is None:
        raise PictureRefused("the graph saved no picture of this job")
    if file.error:
        raise PictureRefused(file.error)
    data = server.view(file.filename, file.subfolder, file.type)
    if data is None:
        raise PictureRefused(f"the server has no file {file.subfolder}/{file.filename}")
    sha256 = hashlib.sha256(data).hexdigest()
    if file.sha256 is not None and sha256 != file.sha256:
        raise PictureRefused("the file is not the one that was saved: its hash differs", data)
    suffix, width, height = _decode(data)
    if file.width is not None and (why := _wrong_size(file, (width, height), asked)):
        raise PictureRefused(why, data)
    relative = place_below(IMAGES, job, suffix)
    write_file(folder / relative, data)
    return StoredFile(relative.as_posix(), width, height, len(data), sha256)


def place_below(top: str, job: Job, suffix: str) -> Path:
    """Where a file of a job lies, relative to the run's folder."""
    return Path(top, slug(job.theme), slug(job.kind), f"{slug(job.subject)}-{job.id}{suffix}")


def _wrong_size(file: SavedFile, size: tuple[int, int], asked: tuple[int, int] | None) -> str:
    """What is wrong with a picture's size; empty if nothing is."""
    width, height = size
    if size != (file.width, file.height):
        return f"the size is {width}x{height} instead of {file.width}x{file.height}"
    # Whether it is larger is the quality gate's question.
    if asked is not None and (width < asked[0] or height < asked[1]):
        return f"the size is {width}x{height}, less than {asked[0]}x{asked[1]}"
    return ""


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
        raise PictureRefused(f"the picture does not decode: {error}", data) from error
