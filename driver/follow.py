"""Following graphs on a server until each has ended.

The websocket only says when to look; /history and /queue say what is true. While it is silent the
server is asked every `poll` seconds, more often for graphs that run quickly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .listener import Listener, Step
from .server import Finished, Server

SLOWEST_POLL, FASTEST_POLL = 2.0, 0.1


@dataclass(frozen=True, slots=True)
class Lost:
    """The server does not know the graph any more: it was restarted."""


class Follower:
    """Follows the graphs named to it by `add`.

    `on_step` gets the progress of their nodes.
    """

    def __init__(self, server: Server, listener: Listener, on_step: Callable[[Step], None]) -> None:
        self._server, self._listener, self._on_step = server, listener, on_step
        self._graphs: dict[str, None] = {}
        self._poll = FASTEST_POLL
        self._asked = time.monotonic()

    @property
    def graphs(self) -> list[str]:
        """Ids of those that are followed, the oldest first."""
        return list(self._graphs)

    def add(self, graph: str) -> None:
        self._graphs[graph] = None

    def clear(self) -> list[str]:
        """Stops following; the ids of those that were followed."""
        graphs = self.graphs
        self._graphs.clear()
        return graphs

    def wait(self) -> tuple[str, Finished | Lost]:
        """The next graph that ends. Raises ServerDown or ServerRefused."""
        while True:
            heard = self._listener.hear(max(self._asked + self._poll - time.monotonic(), 0.0))
            if isinstance(heard, Step):
                if heard.graph in self._graphs:
                    self._on_step(heard)
            elif heard and heard.graph in self._graphs:
                ended = self._server.finished(heard.graph)
                if ended is not None:
                    return self._end(heard.graph, ended)
            if time.monotonic() >= self._asked + self._poll and (found := self._ask()):
                return found

    def _ask(self) -> tuple[str, Finished | Lost] | None:
        try:
            for graph in self._graphs:
                if ended := self._server.finished(graph):
                    return self._end(graph, ended)
            for graph in self._graphs:
                if not self._server.knows(graph):
                    del self._graphs[graph]
                    return graph, Lost()
        finally:
            self._asked = time.monotonic()
        self._poll = min(self._poll * 1.5, SLOWEST_POLL)
        return None

    def _end(self, graph: str, ended: Finished) -> tuple[str, Finished]:
        del self._graphs[graph]
        self._poll = min(max(ended.seconds / 4, FASTEST_POLL), SLOWEST_POLL)
        self._asked = time.monotonic()
        return graph, ended
