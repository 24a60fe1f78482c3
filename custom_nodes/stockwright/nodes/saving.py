"""The one writer of files of this server, and how the outside learns what became of a file.

GET /stockwright/saved/<ticket>   {"settled": bool, "files": [{"job", "bytes", "sha256"} or
                                   {"job", "error"}]}, 404 for an unknown ticket. It waits up to
                                  WAIT_SECONDS for the files that are not there yet; those of
                                  them that still are not are left out.
GET /view                         ComfyUI's own, for a picture that is still being written,
                                  waits for it: previews appear as ever.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from types import FrameType
from typing import Any

import folder_paths
from aiohttp import web
from server import PromptServer

from ..core.names import SAVED_ROUTE
from ..engine.saving.writer import Outcome, Writer, Written

WAIT_SECONDS = 20.0
_MOST_BYTES = 2**30
"""Of pictures that wait: five of 4096 x 4096, as ComfyUI holds them."""

WRITER = Writer(threads=max(1, min(4, (os.cpu_count() or 1) // 2)), most_bytes=_MOST_BYTES)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def attach() -> None:
    """Adds the route, and makes /view and SIGTERM wait for what is being written."""
    server: Any = PromptServer.instance
    server.routes.get(f"{SAVED_ROUTE}/{{ticket}}")(_saved)
    server.app.middlewares.append(_view_waits)
    # Ctrl-C ends the interpreter, which waits for the writer. SIGTERM would end it at once.
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _finish)


def place_of(folder: str) -> Path:
    """A folder below the output folder, written in one way only; it may lead out of it."""
    return Path(os.path.normpath(Path(folder_paths.get_output_directory()) / folder.strip()))


async def _saved(request: web.Request) -> web.Response:
    outcomes = WRITER.outcomes(request.match_info["ticket"])
    if outcomes is None:
        return web.json_response({"error": "unknown ticket"}, status=404)
    await settle(outcomes.values())
    done = {name: outcome.result() for name, outcome in outcomes.items() if outcome.done()}
    files = [{"job": name, **_told(outcome)} for name, outcome in done.items()]
    return web.json_response({"settled": len(done) == len(outcomes), "files": files})


def _told(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Written):
        return {"bytes": outcome.size, "sha256": outcome.sha256}
    return {"error": outcome.reason}


@web.middleware
async def _view_waits(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.removeprefix("/api") == "/view":
        query = request.query
        if query.get("type", "output") == "output":
            name = Path(query.get("filename", "")).name
            if outcome := WRITER.pending(place_of(query.get("subfolder", "")) / name):
                await settle([outcome])
    return await handler(request)


async def settle(outcomes: Iterable[Future[Outcome]]) -> None:
    """Waits for files, up to WAIT_SECONDS."""
    waiting = [asyncio.wrap_future(outcome) for outcome in outcomes if not outcome.done()]
    if waiting:
        await asyncio.wait(waiting, timeout=WAIT_SECONDS)


def _finish(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one ends it at once
    WRITER.close()
    os.kill(os.getpid(), number)
