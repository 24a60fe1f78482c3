"""A person's graphs on a server: those that wait or run, and those that its history holds.

A graph is a person's if the token stands anywhere in it. Nobody needs those that are found: who
forgets a person holds the person's lock, so they are left from a driver that died.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ..errors import ServerRefused
from ..server import Server

_PAGE = 50
_PATIENCE = 120.0
"""Seconds for the graph that runs to end: it is interrupted between two steps of a node."""
_POLL_SECONDS = 0.3


def end_graphs(server: Server, token: str) -> None:
    """Returns when no graph of the person waits or runs. Raises ServerRefused if one goes on."""
    end = time.monotonic() + _PATIENCE
    while True:
        queue: dict[str, list[list[Any]]] = _answer(server, "/queue", {})
        waiting = _of(token, queue.get("queue_pending", []))
        running = _of(token, queue.get("queue_running", []))
        if waiting:
            server.delete(waiting)
        for graph_id in running:
            server.interrupt(graph_id)
        if not waiting and not running:
            return
        if time.monotonic() > end:
            raise ServerRefused(
                "a graph of the person goes on although it was interrupted",
                where=server.url,
                hint="Start that server again, then give the same command again.",
            )
        time.sleep(_POLL_SECONDS)


def forget_graphs(server: Server, token: str) -> list[str]:
    """Removes the person's graphs from the history, and has the server drop what its nodes have
    kept of any graph; their ids."""
    found: list[str] = []
    offset = 0
    while True:
        query = {"max_items": str(_PAGE), "offset": str(offset)}
        page: dict[str, Any] = _answer(server, "/history", query)
        found += [graph_id for graph_id, entry in page.items() if token in json.dumps(entry)]
        if len(page) < _PAGE:
            break
        offset += _PAGE
    if found:
        server.ask("POST", "/history", json={"delete": found})
    server.free()
    return found


def _of(token: str, items: list[list[Any]]) -> list[str]:
    return [str(item[1]) for item in items if token in json.dumps(item)]


def _answer(server: Server, path: str, query: dict[str, str]) -> dict[str, Any]:
    try:
        return server.ask("GET", path, params=query).json()
    except ValueError as error:
        raise ServerRefused(
            "the answer is not what ComfyUI sends",
            where=f"{server.url}{path}",
            hint="Check that this address is a ComfyUI server.",
        ) from error
