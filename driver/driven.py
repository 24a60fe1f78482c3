"""A workflow as it is driven: how jobs get into it, and which files are theirs.

through its Stockwright Batch   many jobs a graph, told apart by Save Stock Image
without a Save Stock Image      one job a graph, and its picture from any output node
without a Stockwright Batch     the same, by what was traced
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stockwright.core.jobs import Job
from stockwright.core.names import SAVE_IMAGE

from .collect import SavedFile, saved_files, saved_image
from .graphs import (
    ApiGraph,
    ObjectInfo,
    Trace,
    bind_jobs,
    bind_traced,
    find_nodes,
    name_files,
    showing,
)
from .server import Finished, Graph


@dataclass(frozen=True, slots=True)
class Driven:
    stock: ApiGraph
    """Settings applied, jobs not yet."""
    canvas: Graph | None
    """The canvas graph that `stock` was made of, if it was made of one."""
    info: ObjectInfo
    """What the server says of its nodes."""
    savers: Mapping[str, int]
    """Nodes that take pictures, the most finished first, each with the samplers in front of it."""
    trace: Trace | None = None
    """None for a graph with a Stockwright Batch."""

    @property
    def one_job(self) -> bool:
        """Whether a graph takes one job only."""
        return self.trace is not None or not find_nodes(self.stock, SAVE_IMAGE)

    def bound(self, jobs: Sequence[Job], folder: str) -> ApiGraph:
        """The graph that makes these jobs, with files below `folder` of the server's output."""
        if not self.one_job:
            return bind_jobs(self.stock, jobs, folder)
        if self.trace is None:
            graph = bind_jobs(self.stock, jobs, folder)
        else:
            (job,) = jobs
            graph = bind_traced(self.stock, self.trace, job)
        return name_files(graph, self.savers, folder)

    def shown(self, graph: ApiGraph) -> Graph | None:
        """What the pictures of a bound graph carry as their canvas graph."""
        return None if self.canvas is None else showing(self.canvas, graph, self.info)

    def files(self, jobs: Sequence[Job], ended: Finished) -> dict[str, SavedFile]:
        """What a graph saved, by job id."""
        if not self.one_job:
            return saved_files(ended)
        (job,) = jobs
        file = saved_image(ended, self.savers)
        return {} if file is None else {job.id: file}
