"""Files at an address that fsspec can open, with types and with one error.

fsspec and the packages behind it raise whatever they like; here it is StoreFailed, besides
FileNotFoundError for what is not there. Paths are as fsspec has them, without the scheme.
"""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from stockwright.core.errors import StockwrightError

from ..errors import StoreFailed
from .people import PRIVATE_FILE, make_private

_CHUNK = 2**20
_PACKAGES = {"gs": "gcsfs", "gcs": "gcsfs", "s3": "s3fs", "az": "adlfs", "abfs": "adlfs"}
"""What opens stores of objects. They have no folders: making one would make a bucket."""
_KEEPS_COPIES = re.compile(r"cache(?:::|://)")


class Objects:
    """Args:
    url: a folder, or an address such as gs://bucket/prefix.

    Raises:
        StoreFailed: no such kind of address, or the package for it is missing.
    """

    def __init__(self, url: str) -> None:
        url = full(url)
        # A login in the address is for the store, not for terminals and logs.
        self.address = re.sub(r"//[^/@]*@", "//", url).rstrip("/")
        if _KEEPS_COPIES.search(url):
            raise StoreFailed(
                "an address that keeps copies on the way is no store: nobody removes them",
                where=self.address,
                hint="Give the address behind it.",
            )
        self._files, root = _opened(url, self.address)
        self.root = root.rstrip("/")
        protocol: str | tuple[str, ...] = self._files.protocol
        protocols = (protocol,) if isinstance(protocol, str) else protocol
        self._local = "file" in protocols
        self._flat = not _PACKAGES.keys().isdisjoint(protocols)

    def prepare(self, folder: str) -> None:
        """Makes a folder, on this machine for its owner alone, where there are folders."""
        with self._failing():
            if self._local:
                make_private(Path(folder))
            elif not self._flat:
                self._files.makedirs(folder, exist_ok=True)

    def found(self, folder: str) -> list[str]:
        """All files below the folder, in alphabetical order."""
        with self._failing():
            self._files.invalidate_cache()  # another machine may have stored something
            if not self._files.exists(folder):
                return []
            return sorted(str(path) for path in self._files.find(folder))

    def size(self, path: str) -> int:
        """Bytes."""
        with self._failing():
            self._files.invalidate_cache()
            return int(self._files.info(path)["size"])

    def chunks(self, path: str) -> Iterator[bytes]:
        with self._failing(), self._files.open(path, "rb", cache_type="readahead") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def write(self, path: str, chunks: Iterator[bytes]) -> None:
        try:
            with self._failing(), self._files.open(path, "wb") as file:
                if self._local:
                    Path(path).chmod(PRIVATE_FILE)
                for chunk in chunks:
                    file.write(chunk)
        except FileNotFoundError as error:
            raise StoreFailed(
                "there is no such place to store anything",
                where=self.address,
                hint="Make the bucket, or give the address of one that is there.",
            ) from error

    def remove(self, path: str) -> None:
        """What is not there is no error."""
        with contextlib.suppress(FileNotFoundError), self._failing():
            self._files.rm_file(path)

    def remove_folder(self, folder: str) -> None:
        """If it is empty, and there are folders."""
        if not self._flat:
            with contextlib.suppress(StoreFailed, FileNotFoundError), self._failing():
                self._files.rmdir(folder)

    @contextmanager
    def _failing(self) -> Generator[None]:
        try:
            yield
        except (StockwrightError, FileNotFoundError):
            raise
        except Exception as error:
            number = error.errno if isinstance(error, OSError) else None
            full = number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            hint = "Make room there" if full else "See that it can be reached and written"
            what = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise StoreFailed(
                f"the store fails: {what or type(error).__name__}",
                where=self.address,
                hint=f"{hint}, then give the same command again.",
            ) from error


def full(url: str) -> str:
    """A folder's path from the root on; any other address as it is."""
    is_folder = "://" not in url and "::" not in url
    return str(Path(url).expanduser().absolute()) if is_folder else url


def _opened(url: str, address: str) -> tuple[Any, str]:
    try:
        # Here, since only those who keep people's models need it.
        from fsspec import core  # pyright: ignore[reportMissingTypeStubs]

        files, root = cast("Any", core).url_to_fs(url)
        return files, str(root)
    except ImportError as error:
        scheme = url.partition("://")[0]
        absent = (
            "fsspec" if (error.name or "").startswith("fsspec") else _PACKAGES.get(scheme, scheme)
        )
        raise StoreFailed(
            f"this store needs a Python package that is not there: {absent}",
            where=address,
            hint=f"Install it: pip install {absent}",
        ) from error
    except Exception as error:  # of the package behind the scheme: no credentials, for one
        raise StoreFailed(
            f"this store cannot be opened: {error}",
            where=address,
            hint="Give a folder, or an address such as gs://bucket/prefix.",
        ) from error
