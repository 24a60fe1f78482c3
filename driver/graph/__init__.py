"""Graphs: read a workflow file, turn it into what is queued, set its values, check it.

Every function here is pure: none changes its arguments, talks to a server or, but for `load_graph`,
reads a file. Nodes are named by title or class, never by their numeric id.
"""

from __future__ import annotations

from .binding import (
    batch_size_of,
    bind_jobs,
    bind_plan,
    names_a_node,
    parse_assignment,
    set_checkpoint,
    set_loras,
    set_value,
)
from .convert import to_api
from .model import ApiGraph, Graph, ObjectInfo, find_nodes, load_graph, parse_graph, title_of
from .preflight import MissingModel, check, find_missing_models

__all__ = [
    "ApiGraph",
    "Graph",
    "MissingModel",
    "ObjectInfo",
    "batch_size_of",
    "bind_jobs",
    "bind_plan",
    "check",
    "find_missing_models",
    "find_nodes",
    "load_graph",
    "names_a_node",
    "parse_assignment",
    "parse_graph",
    "set_checkpoint",
    "set_loras",
    "set_value",
    "title_of",
    "to_api",
]
