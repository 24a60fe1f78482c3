"""Fetching one file to a temporary name, so that an end at any moment loses nothing.

The part keeps what came, also after Ctrl-C, a kill or a full disk. The next call asks for the rest
by Range, and with If-Range only if the file has not changed; else it begins anew. What came is
hashed as it comes. The part is locked while it is written.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import requests

from driver.errors import DiskTrouble, DownloadFailed, HashDiffers
from driver.weights.lockfile import Lock
from driver.weights.web import Client, Passing, describe, patiently

CHUNK = 1 << 16
SPARE = 32_000_000
"""Bytes that stay free on the disk."""

Shown = Callable[[int, int | None], None]
"""Gets the bytes that are there and those of the whole file, where known."""


@dataclass(frozen=True, slots=True)
class Wanted:
    address: str
    """As in the manifest; the part is gone on with only for the same one."""
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    size: int | None = None
    sha256: str | None = None
    plain: str | None = None
    """A host that may be asked without encryption."""


@dataclass(frozen=True, slots=True)
class Got:
    sha256: str
    size: int


def fetch(wanted: Wanted, part: Path, lock: Lock, shown: Shown) -> Got:
    """Bring `part` to be the whole file. Raises DownloadFailed, HashDiffers or DiskTrouble."""
    part.parent.mkdir(parents=True, exist_ok=True)
    with _opened(part) as file:
        fetching = _Fetching(wanted, part, file, lock, shown)
        resumed = fetching.go_on()
        got = patiently(fetching.attempt, wanted.url, lambda: fetching.length)
        if resumed and wanted.sha256 not in (None, got.sha256):
            fetching.begin_anew()  # what was there before may have been spoilt
            got = patiently(fetching.attempt, wanted.url, lambda: fetching.length)
        file.flush()
        os.fsync(file.fileno())
    if wanted.sha256 not in (None, got.sha256):
        part.unlink()
        raise differing(wanted.url, str(wanted.sha256), got.sha256)
    return got


def differing(where: str, expected: str, actual: str, hint: str = "") -> HashDiffers:
    return HashDiffers(
        f"its sha256 is {actual}\nand should be  {expected}",
        where=where,
        hint=hint
        or "The file was replaced at its source, or changed on its way. Only if you know why: write"
        " the new sha256 into the manifest.",
    )


def sha256_of(path: Path, shown: Shown | None = None) -> str:
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if shown:
                shown(done, size)
    return digest.hexdigest()


def check_space(folder: Path, needed: int) -> None:
    """Raises DiskTrouble unless so many bytes fit into the folder, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise DiskTrouble(
            f"{needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free",
            where=str(folder),
            hint="Free some disk space and give the same command again, or let extra_model_paths"
            " name a folder on a larger disk (--into).",
        )


@contextmanager
def _opened(part: Path) -> Generator[BinaryIO]:
    # Not through a link that somebody put in its place.
    number = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(number, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DiskTrouble(
                "another program writes it at this moment", where=str(part)
            ) from error
        yield file


class _Fetching:
    def __init__(
        self, wanted: Wanted, part: Path, file: BinaryIO, lock: Lock, shown: Shown
    ) -> None:
        self._wanted, self._part, self._file = wanted, part, file
        self._lock, self._shown = lock, shown
        self._client = Client(wanted.plain)
        self._digest = hashlib.sha256()
        self._validator: str | None = None
        self.length = 0

    def go_on(self) -> bool:
        """Take up what an earlier call left; whether there is any."""
        self._validator = self._lock.validator(self._part, self._wanted.address)
        if self._validator is None:
            self.begin_anew()
        while chunk := self._file.read(CHUNK):
            self._digest.update(chunk)
            self.length += len(chunk)
        return self.length > 0

    def begin_anew(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._digest, self.length = hashlib.sha256(), 0

    def attempt(self) -> Got:
        if self._wanted.size is None or self.length != self._wanted.size:
            with self._client.get(self._wanted.url, self._headers()) as response:
                total = self._begin(response)
                if response.status_code != 416:
                    self._read(response, total)
        return Got(self._digest.hexdigest(), self.length)

    def _headers(self) -> dict[str, str]:
        headers = {**self._wanted.headers, "Accept-Encoding": "identity"}
        if self.length:
            headers["Range"] = f"bytes={self.length}-"
            if self._validator:
                headers["If-Range"] = self._validator
        return headers

    def _begin(self, response: requests.Response) -> int | None:
        """Check the answer's head; the size of the whole file, where it is known."""
        url, wanted = self._wanted.url, self._wanted.size
        whole = response.headers.get("Content-Range", "").rpartition("/")[2]
        if response.status_code == 416:
            if whole == str(self.length) and wanted is None:
                return self.length  # it was all there
            self.begin_anew()
            raise Passing(f"{url} has no more to send than there is")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise DownloadFailed("it is sent in an encoding that was not asked for", where=url)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise DownloadFailed(
                "a web page came instead of the file",
                where=url,
                hint="A firewall or proxy answers for it, or the address is that of a page.",
            )
        if response.status_code != 206:
            self.begin_anew()
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
        elif response.headers.get("Content-Range", "").startswith(f"bytes {self.length}-"):
            total = int(whole) if whole.isdecimal() else wanted
        else:
            self.begin_anew()
            raise Passing(f"{url} sends another part than the one asked for")
        if wanted is not None and total not in (None, wanted):
            raise DownloadFailed(f"it has {total} bytes and should have {wanted}", where=url)
        total = total if total is not None else wanted
        if total is not None:
            check_space(self._part.parent, total - self.length)
        self._note(response)
        return total

    def _note(self, response: requests.Response) -> None:
        tag = response.headers.get("ETag", "")
        strong = tag if tag and not tag.startswith("W/") else ""
        # Without either, only a known hash can tell whether both halves belong together.
        validator = strong or response.headers.get("Last-Modified", "")
        if validator or self._wanted.sha256:
            self._validator = validator
            self._lock.put_part(self._part, self._wanted.address, validator)

    def _read(self, response: requests.Response, total: int | None) -> None:
        url = self._wanted.url
        self._shown(self.length, total)
        try:
            for chunk in response.iter_content(CHUNK):
                if total is not None and self.length + len(chunk) > total:
                    self.begin_anew()
                    raise DownloadFailed(f"it sends more than its {total} bytes", where=url)
                self._file.write(chunk)
                self._digest.update(chunk)
                self.length += len(chunk)
                self._shown(self.length, total)
        except requests.RequestException as error:
            self._file.flush()
            raise Passing(f"it broke off at {self.length} bytes: {describe(error, url)}") from error
        if total is not None and self.length != total:
            raise Passing(f"it ended after {self.length} of {total} bytes")
