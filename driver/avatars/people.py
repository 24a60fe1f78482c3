"""The folder of a person, which nobody but its owner may read.

    avatars/<name>/                     0700, as every folder below it; files 0600
      person.json                       `Person`: what is known, and what was agreed to
      photos/<sha256[:16]>.png          kept photos, upright, without metadata
      crops/<sha256[:16]>-<framing>.png, .txt    for training: a picture and its caption
      crops.jpg                         the crops at a glance
      training/                         a training that goes on: its state and its candidates
      training.jpg                      how the candidates compare
      made/<run>/                       runs, as submit.py has them
      ratings.sqlite                    likes and dislikes
      person.lock                       held by the command that changes any of it

A person's name stands in the name of the folder and nowhere else: graphs, files for the server,
metadata and messages of the server know a person by `token`, and errors say NAME.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import AvatarInvalid, AvatarUnknown, DiskTrouble, RunBusy, StockwrightError

PEOPLE = Path("avatars")
"""Where people are kept unless --people names a folder: below the current folder."""

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
_RECORD = "person.json"
PLACES = "servers.json"
"""Where data of a person went (`reached`). It is the last to go when a person is forgotten."""
# It tells each lock's path, and with it the person's name, to whoever logs everything.
logging.getLogger("filelock").setLevel(logging.INFO)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Photo(_Kept):
    """A photo that was kept at intake."""

    sha256: str
    """Of the file as it was given."""
    file: str
    """Below the person's folder."""
    fitness: float
    """0 to 1: how well it shows the face; the best ones are references."""
    vector: tuple[float, ...]
    """128 numbers of dlib's network for the face."""


class Crop(_Kept):
    """A part of a photo for training."""

    file: str
    """Below the person's folder; its caption lies beside it with the ending .txt."""
    photo: str
    """SHA-256 of the photo, as `Photo.sha256`."""
    framing: str
    held_back: bool = False
    """Not trained on: by these the loss of candidates is compared."""


class Model(_Kept):
    """A trained LoRA of the person."""

    key: str
    """16 hex digits: of the photos, how they were cropped, and how it was trained."""
    family: str
    """Family of checkpoints, such as sdxl."""
    checkpoint: str
    steps: int
    strength: float
    """At which its candidates were compared."""
    sha256: str
    size: int
    """Bytes."""


class Person(_Kept):
    token: str
    """12 random hex digits, by which servers know the person."""
    consent: str
    """What was agreed to, and when (ISO 8601)."""
    word: str = "person"
    """What the person is called behind the trigger word: person, woman, man, child."""
    photos: tuple[Photo, ...] = ()
    crops: tuple[Crop, ...] = ()
    cropped: str = ""
    """Digest of the options that the crops were made by."""
    captions: str = ""
    """Address of the language model that describes the crops; empty for templates."""
    captioned: str = ""
    """That by which the captions that are there were written."""
    models: tuple[Model, ...] = ()

    @property
    def vectors(self) -> tuple[tuple[float, ...], ...]:
        return tuple(photo.vector for photo in self.photos)

    @property
    def best(self) -> tuple[Photo, ...]:
        """The photos, the fittest first."""
        return tuple(sorted(self.photos, key=lambda photo: (-photo.fitness, photo.sha256)))

    @property
    def photos_key(self) -> str:
        """16 hex digits of the photos, whatever their names and their order."""
        content = ",".join(sorted(photo.sha256 for photo in self.photos))
        return hashlib.sha256(content.encode()).hexdigest()[:16]


class Folder:
    """The folder of one person below `people`. Making it touches nothing.

    Raises AvatarInvalid for a name that is no id: small Latin letters, digits, - and _, at most 40.
    """

    def __init__(self, name: str, people: Path = PEOPLE) -> None:
        if not _NAME.fullmatch(name):
            raise AvatarInvalid(
                "this is no name for a person",
                where="NAME",
                hint="Use 1 to 40 small Latin letters, digits, - and _, such as anna-k.",
            )
        self.name, self.path = name, people / name

    @property
    def photos(self) -> Path:
        return self.path / "photos"

    @property
    def crops(self) -> Path:
        return self.path / "crops"

    @property
    def training(self) -> Path:
        return self.path / "training"

    @property
    def made(self) -> Path:
        return self.path / "made"

    @property
    def exists(self) -> bool:
        return (self.path / _RECORD).is_file()

    @contextmanager
    def held(self, *, new: bool = False) -> Generator[None]:
        """Keeps other commands out. `new`: makes the folder where nobody is there yet.

        Raises RunBusy, or AvatarUnknown for nobody.
        """
        with self.unnamed():
            if not new and not self.exists:
                raise self._unknown()
            make_private(self.path)
            lock = FileLock(self.path / "person.lock", timeout=0, mode=PRIVATE_FILE)
            try:
                lock.acquire()
            except Timeout as error:
                raise RunBusy(
                    "another command works on this person",
                    where=str(self.path),
                    hint="Wait for it, then give the command again.",
                ) from error
            try:
                yield
            finally:
                lock.release()

    @contextmanager
    def unnamed(self) -> Generator[None]:
        """Keeps the person's name out of the texts of errors, which are kept in logs: in paths, the
        word NAME stands for it."""
        try:
            yield
        except StockwrightError as error:
            error.reworded(self._unnamed)
            raise
        except OSError as error:
            for name in ("filename", "filename2"):
                if isinstance(text := getattr(error, name), str):
                    setattr(error, name, self._unnamed(text))
            error.args = tuple(
                self._unnamed(text) if isinstance(text, str) else text for text in error.args
            )
            raise

    def _unnamed(self, text: str) -> str:
        for path in {self.path, self.path.absolute(), self.path.resolve()}:
            text = re.sub(rf"{re.escape(str(path))}(?![\w-])", str(path.with_name("NAME")), text)
        return text

    def read(self) -> Person:
        """Raises AvatarUnknown or AvatarInvalid."""
        with self.unnamed():
            try:
                text = (self.path / _RECORD).read_text("utf-8")
            except FileNotFoundError as error:
                raise self._unknown() from error
            try:
                return Person.model_validate_json(text)
            except ValidationError as error:
                raise AvatarInvalid(
                    f"the record cannot be read: {error.errors()[0]['msg']}",
                    where=str(self.path / _RECORD),
                    hint="Forget the person, then add the photos again.",
                ) from error

    def _unknown(self) -> AvatarUnknown:
        return AvatarUnknown(
            "there is nobody of this name",
            where=str(self.path.parent),
            hint="Add the person: python driver/avatar.py add NAME PHOTO…",
        )

    def write(self, person: Person) -> None:
        make_private(self.path)
        write_private(self.path / _RECORD, person.model_dump_json(indent=1).encode())


def names(people: Path = PEOPLE) -> list[str]:
    """The people that are there, in alphabetical order."""
    return sorted(path.parent.name for path in people.glob(f"*/{_RECORD}"))


def half_forgotten(people: Path = PEOPLE) -> list[str]:
    """Those of whom only the note of the places is left that could not be reached yet."""
    return sorted(
        path.parent.name
        for path in people.glob(f"*/{PLACES}")
        if not path.with_name(_RECORD).exists()
    )


def new_token() -> str:
    return secrets.token_hex(6)


def make_private(folder: Path) -> None:
    """Makes a folder, and those above it that are not there, for its owner alone: names of people
    are names of folders. Raises DiskTrouble."""
    try:
        for path in reversed([folder, *folder.parents]):
            if not path.exists():
                path.mkdir(PRIVATE_FOLDER, exist_ok=True)
        folder.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise DiskTrouble(
            f"the folder cannot be made: {error.strerror}",
            where=str(folder),
            hint="Give --people, or --store, a folder that you may write to.",
        ) from error


def write_private(path: Path, data: bytes) -> None:
    """Writes a file for its owner alone, whole or not at all. Raises DiskTrouble."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise DiskTrouble(
            f"the file cannot be written: {error.strerror}",
            where=str(path),
            hint="Make room, then give the same command again.",
        ) from error
