"""One graph at a time, run to its end on a server that may die meanwhile.

A graph that was lost is made and queued again, since what it needs on the server may be lost, too.
Whatever ends the driver's wait, KeyboardInterrupt too, the graph is taken from the server.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable

from ..connection import Connection
from ..errors import ServerDown, ServerFailing, StockwrightError
from ..follow import Follower, Lost
from ..graphs import ApiGraph
from ..listener import Listener, Step
from ..server import Finished, Server

DEATHS = 4
"""Deaths of the server over one graph until it is given up."""


def _ignore(step: Step) -> None:
    """Nothing."""


class Errands:
    """`lives` counts the server's lives so far: after each death it is another number, and what
    was sent to the server may be gone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = str(uuid.uuid4())
        self.lives = 0

    @property
    def server(self) -> Server:
        return self._connection.server

    def run(
        self,
        make: Callable[[], ApiGraph],
        *,
        queued: Callable[[str], None] | None = None,
        on_step: Callable[[Step], None] = _ignore,
        deaths: int = DEATHS,
    ) -> Finished:
        """Runs the graph that `make` gives; it is called again after each death of the server.
        `queued` gets the graph's id before it is sent.

        Raises ServerFailing after so many deaths, and what `make` and the server raise.
        """
        died = 0
        while True:
            graph_id = str(uuid.uuid4())
            try:
                graph = make()
                if queued is not None:
                    queued(graph_id)
                self.server.queue_graph(graph, graph_id, self._client, workflow=None)
                ended = self._followed(graph_id, on_step)
                if ended is not None:
                    return ended
                down = ServerDown("the server was restarted", where=self.server.url)
            except ServerDown as error:
                down = error
            died += 1
            if died >= deaths:
                raise ServerFailing(
                    f"the server died {died} times over one graph",
                    where=down.where,
                    hint="Look into its log; memory may have run out.",
                ) from down
            self.recover(down)

    def adopt(self, graph_id: str, on_step: Callable[[Step], None] = _ignore) -> Finished | None:
        """How a graph ended that an earlier driver queued; None if the server does not know it."""
        try:
            return self._followed(graph_id, on_step) if self.server.knows(graph_id) else None
        except ServerDown as down:
            self.recover(down)
            return None

    def recover(self, down: ServerDown | None = None) -> None:
        """Waits for the server, or starts it again. Raises ServerDown or ServerStartFailed."""
        self.lives += 1
        self._connection.recover(down or ServerDown("it died", where=self.server.url))

    def _followed(self, graph_id: str, on_step: Callable[[Step], None]) -> Finished | None:
        server = self.server
        with Listener(server.websocket_url, self._client, server.headers) as listener:
            follower = Follower(server, listener, on_step)
            follower.add(graph_id)
            try:
                _, ended = follower.wait()
            except ServerDown:
                raise
            except BaseException:
                with contextlib.suppress(StockwrightError):
                    server.delete([graph_id])
                    server.interrupt(graph_id)
                raise
            return None if isinstance(ended, Lost) else ended
