"""The ComfyUI server that runs on this machine, in the background: install, start, stop, status.

    python driver/embedded.py install | start | stop | status   [--comfyui DIR]

A server belongs to those who use it. A driver joins it with `start` and leaves it with
`release`; the last one that leaves stops it, unless it was started by hand. A driver that dies
without leaving does not count any more, and the next one goes on with the server it left behind.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

try:
    from driver import places
    from driver.ending import ended
    from driver.errors import ServerStartFailed
    from driver.host import commands, install, launch, processes
    from driver.host.serverstate import EmbeddedServer, Record
    from driver.host.terminal import Terminal
except ModuleNotFoundError as absent:
    raise SystemExit(
        f"This Python ({sys.executable}) has no package {absent.name!r}: run `make setup`, "
        "then use .venv/bin/python."
    ) from None

__all__ = ["EmbeddedServer", "release", "running", "start", "stop"]

START_SECONDS = 300.0
_SILENT_SECONDS = 3.0
_POLL_SECONDS = 0.1
_LOG_LINES = 15
_COMMAND = "python driver/embedded.py" if places.CHECKOUT else "stockwright embedded"

# Popen complains about children that are forgotten while they run, and these outlive us.
_children: list[subprocess.Popen[bytes]] = []


def running(comfyui: Path | None = None) -> EmbeddedServer | None:
    """The server that runs now; None too when it has died or its id belongs to another process."""
    return _record(comfyui).running()


def start(
    *,
    comfyui: Path | None = None,
    owner: int | None = None,
    log: Callable[[str], None] | None = None,
) -> EmbeddedServer:
    """Join the server that runs, or start one, and return it once it answers.

    `comfyui` is a ComfyUI folder to run instead of the embedded copy, with its own models, outputs
    and interpreter. `owner` is the process that uses the server; None keeps it until `stop`. `log`
    gets a line a second from the third second on. Raises ServerStartFailed with the end of the log.
    """
    record = _record(comfyui)
    _check_installed(record.comfyui)
    try:
        with record.lock():
            return _join_or_spawn(record, owner, log)
    except OSError as error:
        raise ServerStartFailed(
            str(error), where="the embedded server", hint=commands.advice([str(error)])
        ) from error


def release(owner: int, comfyui: Path | None = None) -> bool:
    """Leave the server. True when that stopped it: nobody else uses it and it is not kept."""
    record = _record(comfyui)
    with record.lock():
        server = record.read()
        if server is None:
            return False
        server = server.left(owner)
        if server.orphaned:
            return _end(record, server)
        record.write(server)
        return False


def stop(comfyui: Path | None = None) -> bool:
    """Stop the server, whoever uses it. True when one ran."""
    record = _record(comfyui)
    with record.lock():
        server = record.read()
        return server is not None and _end(record, server)


def _record(comfyui: Path | None) -> Record:
    return Record(comfyui.expanduser().resolve() if comfyui else places.COMFYUI)


def _check_installed(comfyui: Path) -> None:
    if comfyui == places.COMFYUI:
        if absent := install.missing():
            raise ServerStartFailed(
                f"not installed: {'; '.join(absent)}",
                where="the embedded server",
                hint="Run `make setup`." if places.CHECKOUT else f"Run `{_COMMAND} install`.",
            )
    elif not (comfyui / "main.py").is_file():
        raise ServerStartFailed(
            "there is no main.py in it",
            where=str(comfyui),
            hint="Give the folder of a ComfyUI, the one that holds its main.py.",
        )


def _join_or_spawn(
    record: Record, owner: int | None, log: Callable[[str], None] | None
) -> EmbeddedServer:
    before = record.read()
    if before is not None and before.lives:
        server = before
    else:
        server = _spawn(record, launch.free_port(before.port if before else None))
    fresh = server is not before
    server = server.joined(owner)
    if owner is None:
        server = replace(server, kept=True)
    try:
        record.write(server)
        _wait(record, server, log)
    except BaseException:
        if fresh:
            _end(record, server)
        raise
    return server


def _spawn(record: Record, port: int) -> EmbeddedServer:
    line = launch.arguments(record.comfyui, port)
    if record.log.exists():
        record.log.replace(record.log.with_suffix(".previous.log"))
    try:
        with record.log.open("wb") as log:
            # A session of its own: Ctrl-C in the driver's terminal does not reach it.
            process = subprocess.Popen(
                line,
                cwd=record.comfyui,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=launch.environment(),
            )
    except OSError as error:
        raise ServerStartFailed(str(error), where=line[0]) from error
    _children.append(process)
    return EmbeddedServer(
        url=f"http://{launch.HOST}:{port}",
        pid=process.pid,
        mark=processes.mark(process.pid) or "",
        log=record.log,
        comfyui=record.comfyui,
        flags=tuple(line),
        kept=False,
        owners={},
    )


def _wait(record: Record, server: EmbeddedServer, log: Callable[[str], None] | None) -> None:
    began = time.monotonic()
    told = began + _SILENT_SECONDS - 1
    while not launch.answers(server.port):
        now = time.monotonic()
        if not server.lives:
            raise ServerStartFailed(
                f"it ended while it started. The end of {record.log}:\n{_log_end(record.log)}",
                where=str(record.comfyui),
            )
        if now - began > START_SECONDS:
            raise ServerStartFailed(
                f"it does not answer after {START_SECONDS:.0f} s. "
                f"The end of {record.log}:\n{_log_end(record.log)}",
                where=server.url,
                hint=f"`{_COMMAND} stop` ends it.",
            )
        if log and now - told >= 1:
            told = now
            log(f"ComfyUI starts: {now - began:.0f} s")
        time.sleep(_POLL_SECONDS)


def _end(record: Record, server: EmbeddedServer) -> bool:
    ran = server.lives
    processes.end_group(server.pid, server.mark)
    for child in [child for child in _children if child.poll() is not None]:
        _children.remove(child)
    record.remove()
    return ran


def _log_end(log: Path) -> str:
    lines = log.read_text("utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-_LOG_LINES:] if line.strip())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="embedded.py", description="The ComfyUI server that runs on this machine."
    )
    parser.add_argument("command", choices=["install", "start", "stop", "status"])
    parser.add_argument(
        "--comfyui", type=Path, metavar="DIR", help="a ComfyUI of your own, not the embedded copy"
    )
    parser.add_argument("--debug", action="store_true", help="show a stack trace with an error")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    terminal = Terminal()

    def work() -> int:
        with closing(terminal):
            return _carry_out(given.command, given.comfyui, terminal)

    return ended(work, debug=given.debug)


def _carry_out(command: str, comfyui: Path | None, terminal: Terminal) -> int:
    if command == "install":
        install.install(terminal.say, terminal.tick)
        terminal.say(f"The embedded server is installed in {places.EMBEDDED}")
        return 0
    if command == "start":
        _tell(start(comfyui=comfyui, log=terminal.tick), terminal)
        return 0
    if command == "stop":
        terminal.say("stopped" if stop(comfyui) else "no server runs")
        return 0
    server = running(comfyui)
    if server is None:
        terminal.say("no server runs")
        return 3
    _tell(server, terminal)
    return 0


def _tell(server: EmbeddedServer, terminal: Terminal) -> None:
    users = ", ".join(server.joined(None).owners) or "none"
    terminal.say(f"{server.url} (process {server.pid}, log {server.log})")
    terminal.say("kept until it is stopped" if server.kept else f"used by processes: {users}")


if __name__ == "__main__":
    sys.exit(main())
