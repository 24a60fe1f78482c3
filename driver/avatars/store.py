"""Where trained LoRAs are kept: a folder, or any address that fsspec can open, such as gs://bucket.

    <address>/<token>/<key>.safetensors           the LoRA
    <address>/<token>/<key>.safetensors.sha256    its hash, as sha256sum writes and checks it

The hash comes last, after the LoRA was read back; without it the LoRA does not count, since its
upload may have been cut off. Files in a folder on this machine are for their owner alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from stockwright.core.people_files import check_stem, check_token

from ..errors import StoreFailed
from ..hashing import file_sha256
from .objects import Objects, full

VARIABLE = "STOCKWRIGHT_STORE"
"""Environment variable with the address of the store, where --store gives none."""

_CHUNK = 2**20
_SUFFIX, _DIGEST = ".safetensors", ".sha256"
_SHA256 = re.compile(r"[0-9a-f]{64}(?=  )")


def default_store(people: Path) -> str:
    """The store where --store names none: STOCKWRIGHT_STORE, else a folder beside the people."""
    return os.environ.get(VARIABLE) or str((people / ".models").absolute())


class ModelStore:
    """The LoRAs of one person.

    Args:
        url: a folder, or an address such as gs://bucket/prefix.
        token: the person's.

    Raises:
        StoreFailed: no such kind of address, or the package for it is missing; so do all methods,
            where the store cannot be used.
        PersonFileInvalid: a malformed token; so do all methods for a malformed key.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = full(url)
        self._objects = Objects(url)
        self._folder = f"{self._objects.root}/{check_token(token)}"
        self.address = f"{self._objects.address}/{token}"
        """Without a login: it may be shown."""

    def prepare(self) -> None:
        """Sees to it that the store can be reached, and that its folder is there."""
        self._objects.prepare(self._folder)
        self._objects.found(self._folder)

    def put(self, key: str, file: Path) -> str:
        """Stores a LoRA, reads it back, and returns its SHA-256. After an error `has` is false."""
        path = self._path(key)
        try:
            digest = file_sha256(file)
        except OSError as error:
            raise _unreadable(file, error) from error
        if self._told(path) == digest and self._hash(path) == digest:
            return digest
        self._objects.prepare(self._folder)
        self._objects.remove(path + _DIGEST)
        try:
            self._objects.write(path, _chunks(file))
            if self._hash(path) != digest:
                raise StoreFailed(
                    "what is read back is not what was stored",
                    where=self._show(key),
                    hint="Give the same command again. If it fails again, use another store.",
                )
            self._objects.write(path + _DIGEST, iter([f"{digest}  {key}{_SUFFIX}\n".encode()]))
        except BaseException:
            with contextlib.suppress(StoreFailed):
                self._objects.remove(path)
                self._objects.remove(path + _DIGEST)
            raise
        return digest

    def has(self, key: str) -> bool:
        """Whether the LoRA is there; it was whole when it was stored."""
        path = self._path(key)
        return {path, path + _DIGEST} <= set(self._objects.found(self._folder))

    def sha256(self, key: str) -> str:
        """Of a LoRA when it was stored. Raises StoreFailed if it is not there."""
        digest = self._told(self._path(key))
        if digest is None:
            raise self._missing(key)
        return digest

    def size(self, key: str) -> int:
        """Bytes of a LoRA. Raises StoreFailed if it is not there."""
        try:
            return self._objects.size(self._path(key))
        except FileNotFoundError as error:
            raise self._missing(key) from error

    def read(self, key: str) -> Iterator[bytes]:
        """The bytes of a LoRA, checked at the end: after StoreFailed those before are worthless."""
        wanted = self.sha256(key)
        digest = hashlib.sha256()
        try:
            for chunk in self._objects.chunks(self._path(key)):
                digest.update(chunk)
                yield chunk
        except FileNotFoundError as error:
            raise self._missing(key) from error
        if digest.hexdigest() != wanted:
            raise StoreFailed(
                "the file in the store is not the one that was put there",
                where=self._show(key),
                hint="Train again with --again: then it is replaced.",
            )

    def keys(self) -> list[str]:
        """The LoRAs that are there, in alphabetical order."""
        names = {path.rpartition("/")[2] for path in self._objects.found(self._folder)}
        whole = [name for name in names if name + _DIGEST in names and name.endswith(_SUFFIX)]
        return sorted(name.removesuffix(_SUFFIX) for name in whole)

    def remove_all(self) -> list[str]:
        """Removes all of the person, half-made files too, and returns the addresses. Raises
        StoreFailed if something is left. A bucket that keeps old versions keeps them."""
        found = self._objects.found(self._folder)
        for path in found:
            self._objects.remove(path)
        self._objects.remove_folder(self._folder)
        if left := self._objects.found(self._folder):
            raise StoreFailed(
                f"{len(left)} files cannot be removed",
                where=self.address,
                hint="Remove them by hand, then give the same command again.",
            )
        return [f"{self.address}{path.removeprefix(self._folder)}" for path in found]

    def _path(self, key: str) -> str:
        return f"{self._folder}/{check_stem(key)}{_SUFFIX}"

    def _show(self, key: str) -> str:
        return f"{self.address}/{key}{_SUFFIX}"

    def _told(self, path: str) -> str | None:
        """What lies beside the LoRA, if it is a hash."""
        try:
            text = b"".join(self._objects.chunks(path + _DIGEST)).decode("ascii", "replace")
        except FileNotFoundError:
            return None
        found = _SHA256.match(text)
        return found[0] if found else None

    def _hash(self, path: str) -> str | None:
        digest = hashlib.sha256()
        try:
            for chunk in self._objects.chunks(path):
                digest.update(chunk)
        except FileNotFoundError:
            return None
        return digest.hexdigest()

    def _missing(self, key: str) -> StoreFailed:
        return StoreFailed(
            "there is no such LoRA in the store",
            where=self._show(key),
            hint="Train the person again, or give the --store that it was trained with.",
        )


def _chunks(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as source:
            while chunk := source.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> StoreFailed:
    return StoreFailed(
        f"the LoRA cannot be read: {error.strerror}",
        where=str(file),
        hint="See that the file is there, then give the same command again.",
    )
