"""The loop of a run: adopt what an earlier driver left, plan, queue, follow, collect, refill.

Every graph is written into the ledger before it is sent, under an id of the driver's own choice. So
whatever is killed at whatever moment, the next start asks the server for the graphs that the ledger
holds as queued: what it knows is followed to its end, what it does not know is made again.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from stockwright.core.jobs import Job

from .batching import BatchSizer
from .collect import PictureRefused, collect
from .connection import Connection
from .driven import Driven
from .errors import GraphRefused, ServerDown, ServerFailing, StockwrightError
from .events import (
    AttemptFailed,
    GraphQueued,
    NodeRuns,
    Notice,
    Planning,
    Report,
)
from .follow import Follower, Lost
from .gate.describing import Describing, describing_broke
from .gate.examining import Gate
from .gate.rejects import keep_refused
from .gate.sizes import KEY, asked_size
from .graphs import title_of
from .ledger import AttemptState, Ledger, StoredFile
from .listener import Listener, Step
from .planner import Planner, plan_all
from .replacing import Replacing
from .server import Finished
from .settling import settled

AHEAD = 2
"""Graphs in the server's queue: one runs, and one waits so that the server never does."""

FRUITLESS = 30
"""Graphs in a row that bring nothing, until the run is stopped."""

DEATHS = 4
"""Deaths of the server in a row without a picture before the run is stopped."""


class Runner:
    def __init__(
        self,
        *,
        place: str,
        folder: Path,
        ledger: Ledger,
        connection: Connection,
        planner: Planner,
        driven: Driven,
        sizer: BatchSizer,
        gate: Gate,
        replacing: Replacing,
        report: Report,
        before: Callable[[], None],
        describing: Describing | None = None,
    ) -> None:
        """`place` is the run's folder below the server's output; `folder` takes the pictures;
        `before` is called before each graph that makes pictures."""
        self._place, self._folder, self._before = place, folder, before
        self._ledger, self._connection, self._planner = ledger, connection, planner
        self._driven, self._sizer, self._report = driven, sizer, report
        self._gate, self._replacing, self._describing = gate, replacing, describing
        self._client = str(uuid.uuid4())
        self._flights: dict[str, list[Job]] = {}
        self._fruitless = self._deaths = 0
        self._reason = ""

    def plan(self) -> None:
        """Plans all that is not planned yet, and makes no picture."""
        self._survive(pictures=False)

    def run(self) -> None:
        """Plans and makes what is open.

        Whatever ends it early, KeyboardInterrupt too, the graphs are taken from the server and
        their jobs planned again before it goes on to the caller.
        """
        self._survive(pictures=True)

    def _survive(self, *, pictures: bool) -> None:
        while True:
            server = self._connection.server
            with Listener(server.websocket_url, self._client, server.headers) as listener:
                follower = Follower(server, listener, self._on_step)
                try:
                    plan_all(
                        self._planner, self._ledger, server, self._client, follower, self._report
                    )
                    if pictures:
                        self._adopt(follower)
                        self._drain(follower)
                        while self._replacing.plan(server, self._client, follower):
                            self._drain(follower)
                    return
                except ServerDown as down:
                    self._recover(down)
                except BaseException:
                    self._withdraw(follower.graphs)
                    raise

    def _adopt(self, follower: Follower) -> None:
        """Takes up what the ledger holds as queued, from an earlier driver or an earlier server."""
        self._flights = {}
        # Graphs run in their order: only the oldest one can have been running when a server died.
        for place, (graph, jobs) in enumerate(self._ledger.open_graphs().items()):
            if self._connection.server.knows(graph):
                self._flights[graph] = jobs
                follower.add(graph)
            else:
                self._lose(graph, jobs, running=place == 0)

    def _drain(self, follower: Follower) -> None:
        """Makes all that is planned. At its end every picture has been examined."""
        self._fill(follower)
        while self._flights:
            oldest = next(iter(self._flights))
            graph, ended = follower.wait()
            jobs = self._flights.pop(graph)
            if isinstance(ended, Lost):
                self._lose(graph, jobs, running=graph == oldest)
            elif ended.success:
                self._sizer.record(len(jobs), ended.seconds)
                self._fill(follower)  # first, so that the server goes on meanwhile
                self._collect(graph, jobs, ended)
            else:
                self._fail(graph, jobs, ended)
            self._gate.take()
            self._fill(follower)
        self._gate.finish()

    def _fill(self, follower: Follower) -> None:
        while len(self._flights) < AHEAD:
            jobs = self._ledger.next_jobs(self._sizer.next_size())
            if not jobs:
                return
            if self._fruitless >= FRUITLESS:
                raise ServerFailing(
                    f"{FRUITLESS} graphs in a row brought no picture; the last one: {self._reason}",
                    where=self._connection.server.url,
                    hint="Mend the cause, then give the same command again.",
                )
            self._before()
            self._sizer.sent(len(jobs))
            graph_id = str(uuid.uuid4())
            try:
                graph = self._driven.bound(jobs, self._server_folder(graph_id))
            except PictureRefused as reason:  # one that is there: it would be refused again
                self._ledger.queue(graph_id, jobs)
                ids = [job.id for job in jobs]
                self._give_back(graph_id, ids, AttemptState.FAILED, str(reason), final=True)
                continue
            self._ledger.queue(graph_id, jobs)
            self._flights[graph_id] = jobs
            try:
                sent = self._describing.added(graph) if self._describing else graph
                self._connection.server.queue_graph(
                    sent, graph_id, self._client, self._driven.shown(graph)
                )
            except GraphRefused:
                self._give_back(graph_id, [j.id for j in jobs], AttemptState.DROPPED, "refused")
                raise
            follower.add(graph_id)
            self._report(GraphQueued(graph_id, len(jobs)))

    def _collect(self, graph: str, jobs: list[Job], ended: Finished) -> None:
        files = self._driven.files(jobs, settled(self._connection.server, ended))
        done: dict[str, StoredFile] = {}
        refused: dict[str, str] = {}
        told = self._ledger.settled(KEY)
        for job in jobs:
            file, asked = files.get(job.id), asked_size(told, job)
            try:
                done[job.id] = collect(self._connection.server, job, file, self._folder, asked)
            except PictureRefused as reason:
                refused[job.id] = str(reason)
                if file is not None and reason.data:
                    keep_refused(self._folder, job, reason, file.filename)
        seen = self._describing.told(jobs, ended) if self._describing else {}
        self._gate.file(graph, jobs, done, seen)
        for job_id, reason in refused.items():
            self._give_back(graph, [job_id], AttemptState.FAILED, reason)
        self._note_graph(fruitful=bool(done), reason=next(iter(refused.values()), ""))
        self._remove_copies(graph)

    def _fail(self, graph: str, jobs: list[Job], ended: Finished) -> None:
        ids = [job.id for job in jobs]
        self._remove_copies(graph)
        if describing_broke(ended):
            self._stop_describing(ended)
            self._give_back(graph, ids, AttemptState.DROPPED, ended.error)
            return
        if len(jobs) > 1 and ended.out_of_memory:
            size = self._sizer.shrink(len(jobs))
            self._report(Notice(f"{len(jobs)} jobs do not fit into memory; now {size} at most"))
            self._give_back(graph, ids, AttemptState.DROPPED, ended.error)
            return
        # An interruption is a person's doing at the server, not the job's.
        state = AttemptState.DROPPED if ended.interrupted else AttemptState.FAILED
        self._give_back(graph, ids, state, ended.error or "the graph failed")
        self._note_graph(fruitful=False, reason=ended.error)

    def _stop_describing(self, ended: Finished) -> None:
        if self._describing:  # the next graph in the queue has it, too
            self._report(
                Notice(
                    f"{self._describing.model} cannot look at the pictures, so near-duplicates are"
                    f" found by hashes alone: {ended.error}"
                )
            )
        self._describing = None

    def _lose(self, graph: str, jobs: list[Job], *, running: bool) -> None:
        self._remove_copies(graph)
        state = AttemptState.LOST if running else AttemptState.DROPPED
        self._give_back(graph, [job.id for job in jobs], state, "the server was restarted")

    def _give_back(
        self,
        graph: str,
        job_ids: list[str],
        state: AttemptState,
        reason: str,
        *,
        final: bool = False,
    ) -> None:
        given_up = self._ledger.give_back(graph, job_ids, state, reason, final=final)
        if state is not AttemptState.DROPPED:
            for job_id in job_ids:
                self._report(AttemptFailed(job_id, reason, job_id in given_up))

    def _note_graph(self, *, fruitful: bool, reason: str) -> None:
        self._reason = reason
        if fruitful:
            self._fruitless = self._deaths = 0
        else:
            self._fruitless += 1

    def _remove_copies(self, graph: str) -> None:
        """Removes what a graph left in the output folder of a server that is ours."""
        if self._connection.output is not None:
            made = self._connection.output / self._server_folder(graph)
            shutil.rmtree(made, ignore_errors=True)

    def _recover(self, down: ServerDown) -> None:
        self._deaths += 1
        if self._deaths >= DEATHS:
            raise ServerFailing(
                f"the server died {DEATHS} times without finishing a picture",
                where=down.where,
                hint="Look into its log. If memory runs out: --batch 1, or smaller pictures.",
            ) from down
        running = max((len(jobs) for jobs in self._flights.values()), default=1)
        if self._deaths > 1 and running > 1:  # once may be chance; twice may be memory
            self._sizer.shrink(running)
        self._sizer.restart()
        self._connection.recover(down)

    def _withdraw(self, graphs: list[str]) -> None:
        """Takes graphs from the server and gives their jobs back, as far as either still can."""
        server = self._connection.server
        try:
            queued = self._ledger.open_graphs()
            for graph, jobs in queued.items():
                ids = [job.id for job in jobs]
                self._ledger.give_back(graph, ids, AttemptState.DROPPED, "interrupted")
            known = list(dict.fromkeys([*graphs, *queued]))
            server.delete(known)
            for graph in known:
                server.interrupt(graph)
        except StockwrightError as error:
            self._report(Notice(f"not all could be taken from the server: {error.what}"))

    def _server_folder(self, graph: str) -> str:
        # One folder a graph: a second attempt is no cache hit on files that may be gone.
        return f"{self._place}/{graph[:13]}"

    def _on_step(self, step: Step) -> None:
        if step.graph in self._flights:
            if step.node in self._driven.stock:
                title = title_of(self._driven.stock, step.node)
                self._report(NodeRuns(step.graph, title, step.value, step.maximum))
        elif step.maximum > 1:
            self._report(Planning(self._planner.theme, int(step.value), int(step.maximum)))
