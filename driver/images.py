"""Pictures that are there: listed, brought to the server, and worked on one a graph.

A graph for them has exactly one node that loads a picture, such as *Load Image*. Where it labels
its pictures by a *Picture Job*, that is filled in from the picture's place: the folder is the
theme, the folder below it the kind, the file's name the subject. A picture whose file says that an
AI model made it keeps that label; of the others the graph says who made them.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from stockwright.core.jobs import Job
from stockwright.core.names import PICTURE_JOB, SAVE_IMAGE
from stockwright.core.sources import Maker, says_ai

from .collect import IMAGES, PictureRefused, SavedFile, saved_image
from .connection import Connection
from .driven import Driven
from .errors import BindingError, OrderConflict, OrderInvalid
from .graphs import (
    ApiGraph,
    ObjectInfo,
    find_nodes,
    name_files,
    picture_loaders,
    title_of,
    with_inputs,
)
from .hashing import file_sha256
from .order import Order, digest
from .server import Finished, TooLarge

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
NO_KIND = "pictures"
"""The kind of pictures that lie in the folder itself."""
MOST_PIXELS = 2 * 89_478_485
"""Of a picture that a server loads: beyond that, its Pillow takes it for a decompression bomb."""
_LEDGER = "run.sqlite"
"""By which a run's folder is known."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A file: its place below the folder, with slashes, and its SHA-256."""

    place: str
    sha256: str


def list_pictures(folder: Path) -> list[Picture]:
    """The pictures of a folder and those below it, by name. Hidden ones are passed over, as are
    runs below it: what an earlier command made of these pictures is none of them. Of a run itself
    only what passed is taken, neither rejected pictures nor contact sheets.

    Raises OrderInvalid.
    """
    if not folder.is_dir():
        raise OrderInvalid("is not a folder", where=f"--images {folder}")
    root = folder / IMAGES if (folder / _LEDGER).is_file() else folder
    runs = {path.parent for path in root.rglob(_LEDGER)}
    files = [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in ENDINGS
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and runs.isdisjoint(path.parents)
    ]
    if not files:
        raise OrderInvalid(
            "there is no picture in it",
            where=f"--images {folder}",
            hint=f"Pictures are files that end in {', '.join(ENDINGS)}."
            + (f" For those of a run, give its own folder: {min(runs)}" if runs else ""),
        )
    try:
        return [Picture(path.relative_to(folder).as_posix(), _sha256(path)) for path in files]
    except OSError as error:
        raise OrderInvalid(f"cannot be read: {error}", where=f"--images {folder}") from error


def _sha256(path: Path) -> str:
    stat = path.stat()
    return _sha256_of(path, stat.st_size, stat.st_mtime_ns)


@cache
def _sha256_of(path: Path, size: int, changed: int) -> str:
    """Once for each state of a file: a command asks when it is given, and when it starts."""
    return file_sha256(path)


def listing_digest(pictures: Sequence[Picture]) -> str:
    """SHA-256 of the names and contents of pictures."""
    return digest({picture.place: picture.sha256 for picture in pictures})


@dataclass(frozen=True, slots=True)
class Loader:
    """Brings the pictures of an order to a server, when their graphs are queued."""

    connection: Connection
    """Its server changes where one that died is started again."""
    folder: Path
    into: str
    """Below the server's input folder."""
    places: Mapping[str, str]
    """Job id -> place of its picture below `folder`."""

    def read(self, job: Job) -> bytes:
        """The picture's file. Raises OrderConflict if it is gone, and PictureRefused if it does
        not decode: the server's loader makes up what a damaged one lacks."""
        path = self.folder / self.places[job.id]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise OrderConflict(
                f"the picture cannot be read: {error.strerror}",
                where=str(path),
                hint="Put it back, then give the same command again.",
            ) from error
        check_picture(data, self.places[job.id])
        return data

    def upload(self, job: Job, data: bytes) -> str:
        """The picture's name for a node that loads it. Raises PictureRefused if the server does
        not take so large a file."""
        suffix = Path(self.places[job.id]).suffix.lower()
        try:
            return self.connection.server.upload(f"{job.id}{suffix}", self.into, data)
        except TooLarge as error:
            raise PictureRefused(
                f"the server takes no file of {len(data)} bytes (HTTP 413)"
            ) from error


@dataclass(frozen=True, slots=True)
class ImageDriven(Driven):
    """A workflow that is given one picture a graph."""

    loader: Loader | None = None

    @property
    def one_job(self) -> bool:
        return True

    def bound(self, jobs: Sequence[Job], folder: str) -> ApiGraph:
        """Raises PictureRefused for a picture that no graph can be given, however often."""
        (job,) = jobs
        assert self.loader is not None
        node_id, name = loading_place(self.stock, self.info)
        data = self.loader.read(job)
        values: dict[str, dict[str, str]] = {node_id: {name: self.loader.upload(job, data)}}
        about = {"theme": job.theme, "kind": job.kind, "subject": job.subject}
        if says_ai(data):
            about["made_by"] = Maker.MODEL
        values |= {node_id: dict(about) for node_id in find_nodes(self.stock, PICTURE_JOB)}
        values |= {node_id: {"folder": folder} for node_id in find_nodes(self.stock, SAVE_IMAGE)}
        return name_files(with_inputs(self.stock, values), self.savers, folder)

    def files(self, jobs: Sequence[Job], ended: Finished) -> dict[str, SavedFile]:
        (job,) = jobs
        file = saved_image(ended, self.savers)
        return {} if file is None else {job.id: file}


def check_picture(data: bytes, name: str) -> None:
    """Decodes a picture to its end. Raises PictureRefused, with its name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
        with image:
            pixels = image.width * image.height
            if pixels > MOST_PIXELS:
                raise PictureRefused(_too_large(name, f"{pixels / 1e6:.0f}"))
            image.draft("L", (1, 1))  # a JPEG an eighth as large: read to its end, and fast
            image.load()
    except Image.DecompressionBombError as error:
        least = (Image.MAX_IMAGE_PIXELS or 0) * 2
        raise PictureRefused(_too_large(name, f"more than {least / 1e6:.0f}")) from error
    except UnidentifiedImageError as error:
        raise PictureRefused(f"{name} is no picture") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:  # Pillow has no class of its own
        raise PictureRefused(f"{name} is damaged: {error}") from error


def _too_large(name: str, megapixels: str) -> str:
    return (
        f"{name} has {megapixels} megapixels, at most {MOST_PIXELS // 1_000_000}: make it smaller"
    )


def loading_place(api: ApiGraph, info: ObjectInfo) -> tuple[str, str]:
    """(node id, input) by which a graph loads its picture. Raises BindingError unless there is
    exactly one."""
    places = picture_loaders(api, info)
    if len(places) != 1:
        titles = ", ".join(repr(title_of(api, node_id)) for node_id, _ in places)
        raise BindingError(
            f"{len(places)} nodes of the graph load a picture{': ' + titles if titles else ''}",
            where="--images",
            hint="Give a graph with exactly one Load Image by --workflow, such as"
            " workflows/upscale_only.json.",
        )
    return places[0]


def uploads_of(order: Order) -> str:
    """Where an order's pictures are put, below the server's input folder."""
    return f"stockwright/{order.id}"


def image_jobs(order: Order) -> tuple[list[Job], dict[str, str]]:
    """A job for each picture of an order, and the place of each by job id.

    Raises OrderConflict if these are not the pictures that were there when it was given.
    """
    folder = Path(order.images or "")
    pictures = list_pictures(folder)
    if listing_digest(pictures) != order.pictures:
        raise OrderConflict(
            "these are not the pictures with which the run was started",
            where=str(folder),
            hint="Put them back, or start another run with --images.",
        )
    jobs = [_job(folder.name, picture) for picture in pictures]
    return jobs, {job.id: picture.place for job, picture in zip(jobs, pictures, strict=True)}


def _job(theme: str, picture: Picture) -> Job:
    path = Path(picture.place)
    kind = path.parent.as_posix() if path.parent.name else NO_KIND
    subject = " ".join(path.stem.replace("_", " ").replace("-", " ").split()) or path.stem
    return Job.create(
        theme=theme,
        kind=kind,
        subject=subject,
        prompt=picture.place,
        negative=picture.sha256,
        seed=0,
        origin=f"picture {picture.place}",
    ).sized(0, 0)
