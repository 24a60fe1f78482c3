"""Files of people on a server: who may read them, how long they stay, and that nothing is left.

Places are those of `core.people`; pictures are in the output folder as photos are in the input
folder. Folders are for their owner alone (0700), and so are files (0600). A file is put in place
whole or not at all.

Copies of photos, and pictures that steps of a training were compared by, are swept when a server
starts, since the graph that needed them has ended with the one before. LoRAs stay up to a limit of
bytes; then those go that were not used for the longest time, but none that was used within the last
hour: a graph that waits may need it. When it was used is the file's time of access.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..core.people import COMPARED, LORAS, PHOTOS
from ..core.people_files import (
    check_lora,
    check_photo,
    check_sha256,
    check_token,
    photos_folder,
)
from .private_files import PART, files_below, private_folder, receiving, remove

IN_USE_SECONDS = 3600.0
_SURELY_LEFT = 60.0
"""Seconds after which a part of a file, at the start of a server, belongs to one that is dead."""


class NoRoom(Exception):
    """A LoRA does not fit beside those in use, or is larger than all that may be kept."""


@dataclass(frozen=True, slots=True)
class Lora:
    name: str
    size: int
    """Bytes."""
    sha256: str


class PeopleFiles:
    """Args:
    inputs, outputs: the server's input and output folder.
    loras: its folders of LoRAs; new ones go into the first.
    most_bytes: of all people's LoRAs in the first one.
    """

    def __init__(self, inputs: Path, outputs: Path, loras: Sequence[Path], most_bytes: int) -> None:
        self._inputs = inputs / PHOTOS
        self._outputs = outputs / PHOTOS
        self._loras = tuple(place / LORAS for place in loras)
        self._labels = {self._inputs: f"input/{PHOTOS}"}
        self._labels |= dict.fromkeys(self._loras, f"loras/{LORAS}")
        self._labels[self._outputs] = f"output/{PHOTOS}"
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._coming: dict[Path, int] = {}
        self._hashes: dict[Path, tuple[tuple[int, int, int], str]] = {}

    def output_folder(self, token: str) -> Path:
        return self._outputs / check_token(token)

    def lora_folder(self, token: str) -> Path:
        """Where a person's new LoRAs go; made for its owner alone. Raises OSError."""
        return private_folder(self._loras[0], check_token(token))

    def sweep(self) -> None:
        """Called when a server starts. What cannot be removed stays: a server must start."""
        with contextlib.suppress(OSError):
            for folder in list(self._inputs.iterdir()):
                remove(folder)
        for folder in list(self._outputs.glob(f"*/{COMPARED}")):
            remove(folder)
        for place in self._loras:
            for part in place.glob(f"*/.*{PART}"):
                with contextlib.suppress(OSError):
                    if part.stat().st_mtime < time.time() - _SURELY_LEFT:
                        part.unlink()

    def all_of(self, token: str) -> list[str]:
        """Every file and link of the person, as addresses below the server's folders."""
        return self._told(self._folders(token))

    def forget(self, token: str) -> list[str]:
        """Removes all of the person, and returns what `all_of` gave and does not any more."""
        return self._removed(self._folders(token))

    def forget_photos(self, token: str) -> list[str]:
        """Removes the copies of photos, and pictures of comparisons, and returns them."""
        return self._removed([self._inputs / check_token(token), self._outputs / token / COMPARED])

    # LoRAs

    def loras(self, token: str) -> list[Lora]:
        """In the first folder, in alphabetical order."""
        folder = self._loras[0] / check_token(token)
        files = sorted(folder.glob("*.safetensors"))
        return [
            Lora(file.name, file.stat().st_size, self._sha256(file))
            for file in files
            if file.is_file() and not file.is_symlink()
        ]

    def lora(self, token: str, name: str) -> Lora | None:
        path = self.lora_path(token, name)
        if path is None:
            return None
        return Lora(path.name, path.stat().st_size, self._sha256(path))

    def lora_path(self, token: str, name: str) -> Path | None:
        path = self._loras[0] / check_token(token) / check_lora(name)
        return path if path.is_file() and not path.is_symlink() else None

    def use(self, token: str, name: str, sha256: str, size: int) -> bool:
        """Whether a LoRA of these bytes is there. If it is, it stays for the next hour. If it is
        not, raises NoRoom where it would not fit."""
        path = self.lora_path(token, name)
        check_sha256(sha256)
        try:
            if path is not None and self._sha256(path) == sha256:
                os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
                return True
        except FileNotFoundError:
            pass  # it has just made room for another one
        with self._lock:
            self._going(self._loras[0] / token / name, size)
        return False

    def remove_lora(self, token: str, name: str) -> list[str]:
        path = self.lora_path(token, name)
        return [] if path is None else self._removed([path])

    @contextmanager
    def receive_lora(
        self, token: str, name: str, size: int, sha256: str
    ) -> Generator[Callable[[bytes], None]]:
        """Gives what takes the bytes, in order; at the end the file is there.

        Raises PersonFileInvalid, NoRoom, WrongBytes or OSError; then nothing of it is there.
        """
        path = self._loras[0] / check_token(token) / check_lora(name)
        check_sha256(sha256)
        part = path.with_name(f".{uuid.uuid4().hex}{PART}")
        self._make_room(part, path, size)
        try:
            self.lora_folder(token)
            with receiving(part, path, size, sha256) as take:
                yield take
        finally:
            with self._lock:
                del self._coming[part]

    @contextmanager
    def receive_photo(
        self, token: str, purpose: str, name: str, size: int, sha256: str
    ) -> Generator[Callable[[bytes], None]]:
        """As `receive_lora`, for a photo or a text beside it; there is no limit but the disk's."""
        parts = Path(photos_folder(token, purpose)).relative_to(PHOTOS).parts
        check_photo(name)
        check_sha256(sha256)
        folder = private_folder(self._inputs, *parts)
        part = folder / f".{uuid.uuid4().hex}{PART}"
        with receiving(part, folder / name, size, sha256) as take:
            yield take

    def _make_room(self, part: Path, path: Path, size: int) -> None:
        with self._lock:
            for file in self._going(path, size):
                file.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    file.parent.rmdir()
            self._coming[part] = size

    def _going(self, path: Path, size: int) -> list[Path]:
        """The LoRAs that make room for a file of so many bytes at `path`. Raises NoRoom."""
        if size > self._most_bytes:
            raise NoRoom(
                f"the LoRA has {size:,} bytes, and the server keeps {self._most_bytes:,} of LoRAs"
                " of people"
            )
        there: dict[Path, os.stat_result] = {}
        for file in self._loras[0].glob("*/*.safetensors"):
            if file != path:  # which is replaced
                with contextlib.suppress(FileNotFoundError):
                    there[file] = file.stat()
        excess = sum(stat.st_size for stat in there.values()) + sum(self._coming.values())
        excess += size - self._most_bytes
        going: list[Path] = []
        for file in sorted(there, key=lambda file: there[file].st_atime_ns):
            if excess <= 0 or there[file].st_atime > time.time() - IN_USE_SECONDS:
                break
            going.append(file)
            excess -= there[file].st_size
        if excess > 0:
            raise NoRoom(
                f"{excess:,} bytes are missing: the other LoRAs of people were used within the last"
                " hour"
            )
        return going

    def _sha256(self, path: Path) -> str:
        """Computed anew only for a file that has changed."""
        stat = path.stat()
        stamp = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        known = self._hashes.get(path)
        if known is None or known[0] != stamp:
            with path.open("rb") as file:
                known = (stamp, hashlib.file_digest(file, "sha256").hexdigest())
            self._hashes[path] = known
        return known[1]

    def _folders(self, token: str) -> list[Path]:
        check_token(token)
        return [place / token for place in (self._inputs, *self._loras, self._outputs)]

    def _removed(self, paths: Sequence[Path]) -> list[str]:
        before = self._told(paths)
        for path in paths:
            remove(path)
            self._hashes = {p: h for p, h in self._hashes.items() if not p.is_relative_to(path)}
        left = set(self._told(paths))
        return [file for file in before if file not in left]

    def _told(self, paths: Sequence[Path]) -> list[str]:
        return [self._label(file) for path in paths for file in files_below(path)]

    def _label(self, path: Path) -> str:
        place = next(place for place in self._labels if path.is_relative_to(place))
        return f"{self._labels[place]}/{path.relative_to(place).as_posix()}"
