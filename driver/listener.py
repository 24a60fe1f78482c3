"""The server's websocket, as a hint.

A thread keeps one connection for a client id and hands on what it hears:

    message                         becomes
    ------------------------------  --------------------------------------------
    executing {node: null}          Ended(graph)
    execution_error, _interrupted   Ended(graph)
    progress_state                  Step(graph, node, value, maximum)
    anything else, binary previews  nothing

The connection may break, or fall silent for ever without breaking; then nothing is handed on, and
whoever listens must ask the server itself from time to time.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import websocket

RECONNECT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ended:
    graph: str


@dataclass(frozen=True, slots=True)
class Step:
    """A node of a running graph has done `value` of `maximum`. `node` is its id in the graph that
    was queued, also for work that it expanded into."""

    graph: str
    node: str
    value: float
    maximum: float


Heard = Ended | Step


class Listener:
    """Listens from the start of the `with` block to its end."""

    def __init__(self, url: str, client_id: str, headers: Mapping[str, str]) -> None:
        self._url = f"{url}?clientId={client_id}"
        self._headers = [f"{name}: {value}" for name, value in headers.items()]
        self._heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._socket: Any = None
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)

    def __enter__(self) -> Listener:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._socket is not None:
            # Not close(): it waits for a frame that a silent server never sends.
            with contextlib.suppress(OSError, AttributeError):
                self._socket.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=2)

    def hear(self, seconds: float) -> Heard | None:
        """The next message, waiting up to `seconds` for it."""
        try:
            return self._heard.get(timeout=seconds)
        except queue.Empty:
            return None

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self._socket = websocket.create_connection(
                    self._url, header=self._headers, timeout=10
                )
                self._socket.settimeout(None)
                while not self._stopping.is_set():
                    self._take(self._socket.recv())
            except (OSError, websocket.WebSocketException):
                self._stopping.wait(RECONNECT_SECONDS)

    def _take(self, message: str | bytes) -> None:
        if not message or isinstance(message, bytes):
            return
        try:
            heard = _translate(json.loads(message))
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # a proxy's own words, or a message of a later version
        for item in heard:
            self._heard.put(item)


def _translate(message: dict[str, Any]) -> list[Heard]:
    kind, data = message["type"], message["data"]
    if kind == "executing":
        return [Ended(data["prompt_id"])] if data["node"] is None else []
    if kind in ("execution_error", "execution_interrupted"):
        return [Ended(data["prompt_id"])]
    if kind == "progress_state":
        return [
            Step(data["prompt_id"], node["display_node_id"], node["value"], node["max"])
            for node in data["nodes"].values()
            if node["state"] == "running"
        ]
    return []
