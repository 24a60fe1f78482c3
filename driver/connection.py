"""The server a run uses, and how it comes back after it died.

A server given by its address is waited for; the embedded one, or one in a folder given by the user,
is started again. `close` leaves a server that was running before as it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from . import embedded
from .errors import OrderInvalid, ServerDown
from .events import Notice, Report, Waiting
from .places import BASE
from .server import Server

WAIT_SECONDS = 120.0


class Connection(Protocol):
    server: Server
    output: Path | None
    """The server's output folder, if what the driver has fetched may be removed there."""
    input: Path | None
    """The server's input folder, if it is on this machine: what was uploaded is removed there."""

    def recover(self, down: ServerDown) -> None:
        """Returns once the server answers again; raises if it does not come back."""
        ...

    def close(self) -> None: ...


class GivenServer:
    output: Path | None = None
    input: Path | None = None

    def __init__(self, url: str, headers: Mapping[str, str], report: Report) -> None:
        self.server = Server(url, headers)
        self._report = report
        self.server.system_stats()

    def recover(self, down: ServerDown) -> None:
        self._report(Notice(f"{down.where} does not answer; waiting for it"))
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                self.server.system_stats()
                return
            except ServerDown:
                if time.monotonic() > end:
                    raise
                time.sleep(2)

    def close(self) -> None:
        """Nothing: it is not ours."""


class StartedServer:
    """The embedded server, or one in the user's ComfyUI folder; joined if it runs already."""

    def __init__(self, comfyui: Path | None, report: Report) -> None:
        self._comfyui, self._report = comfyui, report
        self.output = BASE / "output" if comfyui is None else None
        self.input: Path | None = (BASE if comfyui is None else comfyui) / "input"
        self._start()

    def recover(self, down: ServerDown) -> None:
        self._report(Notice("the server died; starting it again"))
        self._start()

    def close(self) -> None:
        embedded.release(os.getpid(), self._comfyui)

    def _start(self) -> None:
        started = embedded.start(
            comfyui=self._comfyui,
            owner=os.getpid(),
            log=lambda text: self._report(Waiting(text)),
        )
        self.server = Server(started.url, local=True)


def connect(
    url: str | None, comfyui: Path | None, headers: Mapping[str, str], report: Report
) -> Connection:
    """A server that answers. Raises ServerDown, ServerRefused or ServerStartFailed."""
    return GivenServer(url, headers, report) if url else StartedServer(comfyui, report)


def request_headers(texts: Sequence[str]) -> dict[str, str]:
    """Headers for every request, from texts such as `Name: value`; the environment's
    STOCKWRIGHT_TOKEN adds a bearer token. Raises OrderInvalid."""
    if token := os.environ.get("STOCKWRIGHT_TOKEN"):
        texts = [f"Authorization: Bearer {token}", *texts]
    headers: dict[str, str] = {}
    for text in texts:
        name, colon, value = (part.strip() for part in text.partition(":"))
        if not (colon and name and (name + value).isprintable() and (name + value).isascii()):
            # The text is not repeated: it may be a secret.
            raise OrderInvalid(
                "a header is written as Name: value, in plain ASCII",
                where="--header or STOCKWRIGHT_TOKEN",
            )
        headers[name] = value
    return headers
