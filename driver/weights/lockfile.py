"""`models-lock.json` in the embedded server's place: what was pulled, for good.

    sources   address -> sha256 and size of the file it gave, and who said so: `manifest`, `hub`
              (its answer before the download) or `first pull`
    files     absolute path -> sha256, size and time of change of the file that was put there
    parts     absolute path of an unfinished download -> its address and the validator to go on with

It is replaced in one step at each change. Who changes it holds `models.lock`.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from driver import places
from driver.errors import ManifestInvalid

_EMPTY: dict[str, dict[str, Any]] = {"sources": {}, "files": {}, "parts": {}}


class Lock:
    def __init__(self) -> None:
        """Raises ManifestInvalid for a file that somebody has spoilt."""
        self.path = places.EMBEDDED / "models-lock.json"
        self._data = _read(self.path)

    def source(self, address: str) -> tuple[str, int] | None:
        """sha256 and size of what the address gave before."""
        return self._digest("sources", address)

    def put_source(self, address: str, sha256: str, size: int, said_by: str) -> None:
        self._data["sources"][address] = {"sha256": sha256, "size": size, "from": said_by}
        self._save()

    def file(self, path: Path) -> tuple[str, int] | None:
        """sha256 and size of the file that was put there."""
        return self._digest("files", str(path))

    def is_as_put(self, path: Path) -> bool:
        """Whether the file has not been touched since it was put there; does not read it."""
        entry = self._data["files"].get(str(path))
        return entry is not None and [entry["size"], entry["mtime_ns"]] == _stamp(path)

    def put_file(self, path: Path, sha256: str) -> None:
        size, mtime_ns = _stamp(path)
        entry = {"sha256": sha256, "size": size, "mtime_ns": mtime_ns}
        self._data["files"][str(path)] = entry
        self._data["parts"] = {
            part: value for part, value in self._data["parts"].items() if Path(part).exists()
        }
        self._save()

    def drop_file(self, path: Path) -> None:
        if self._data["files"].pop(str(path), None):
            self._save()

    def validator(self, part: Path, address: str) -> str | None:
        """What identifies the state of `address` that the part was begun with; None: begin anew."""
        entry = self._data["parts"].get(str(part), {})
        return entry.get("validator") if entry.get("address") == address else None

    def put_part(self, part: Path, address: str, validator: str) -> None:
        self._data["parts"][str(part)] = {"address": address, "validator": validator}
        self._save()

    def _digest(self, table: str, key: str) -> tuple[str, int] | None:
        entry = self._data[table].get(key)
        return (entry["sha256"], entry["size"]) if entry else None

    def _save(self) -> None:
        write(self.path, json.dumps({"version": 1, **self._data}, indent=1) + "\n")


def write(path: Path, text: str) -> None:
    """Put a text file in place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _stamp(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        data = cast(dict[str, Any], json.loads(path.read_text("utf-8")))
        if data["version"] != 1:
            raise ValueError(f"its version is {data['version']!r}, not 1")
        for table, needed in (("sources", {"sha256", "size"}), ("files", {"mtime_ns", "sha256"})):
            if not all(needed <= entry.keys() for entry in data[table].values()):
                raise ValueError(f"an entry of {table} is not whole")
        return {table: dict(data[table]) for table in _EMPTY}
    except FileNotFoundError:
        return {table: {} for table in _EMPTY}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestInvalid(
            f"it cannot be used: {error}",
            where=str(path),
            hint="Restore it from a backup. Without it, hashes are taken anew: move it away only"
            " if you trust the sources today.",
        ) from error
