"""The record of a server that runs in the background, kept in a file beside its log.

There is one record for the embedded server and one for each ComfyUI folder that a user gives.
A record is replaced in one step, and only under its lock; reading it needs no lock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock

from driver import places
from driver.host import launch, processes


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    url: str
    pid: int
    mark: str
    """The process's start, so that another one with the same id is not taken for it."""
    log: Path
    comfyui: Path
    """The ComfyUI folder that it runs."""
    flags: tuple[str, ...]
    """Its whole command line."""
    kept: bool
    """Started by hand: nobody's end stops it."""
    owners: Mapping[str, str]
    """The drivers that use it: process id -> mark. Some of them may have died."""

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def lives(self) -> bool:
        return processes.lives(self.pid, self.mark)

    @property
    def orphaned(self) -> bool:
        """Nobody uses it any more, and nobody asked for it to be kept."""
        return not self.kept and not self.joined(None).owners

    def joined(self, owner: int | None) -> EmbeddedServer:
        """The same without owners that have died, and with `owner` (None changes nothing more)."""
        owners = {pid: mark for pid, mark in self.owners.items() if processes.lives(int(pid), mark)}
        if owner is not None and (mark := processes.mark(owner)):
            owners[str(owner)] = mark
        return replace(self, owners=owners)

    def left(self, owner: int) -> EmbeddedServer:
        owners = {pid: mark for pid, mark in self.owners.items() if pid != str(owner)}
        return replace(self, owners=owners)


class Record:
    """Where the server of one ComfyUI folder is written down."""

    def __init__(self, comfyui: Path) -> None:
        name = "server"
        if comfyui != places.COMFYUI:
            name += "-" + hashlib.sha256(str(comfyui).encode()).hexdigest()[:12]
        self.comfyui = comfyui
        self.file = places.EMBEDDED / f"{name}.json"
        self.log = places.EMBEDDED / f"{name}.log"
        self._lock_file = places.EMBEDDED / f"{name}.lock"

    def lock(self) -> FileLock:
        places.EMBEDDED.mkdir(parents=True, exist_ok=True)
        return FileLock(self._lock_file)

    def read(self) -> EmbeddedServer | None:
        """What is written, whether or not it is still true; None without a readable record."""
        try:
            fields = json.loads(self.file.read_text("utf-8"))
            fields["flags"] = tuple(fields["flags"])
            return EmbeddedServer(**fields, log=self.log, comfyui=self.comfyui)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, server: EmbeddedServer) -> None:
        fields = asdict(server)
        del fields["log"], fields["comfyui"]
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(fields, indent=1), "utf-8")
        part.replace(self.file)

    def remove(self) -> None:
        self.file.unlink(missing_ok=True)

    def running(self) -> EmbeddedServer | None:
        """The server that is written down, if its process lives and takes calls."""
        server = self.read()
        return server if server and server.lives and launch.answers(server.port) else None
