"""Graphs: read a workflow file, turn it into what is queued, set its values, check it.

Every function here is pure: none changes its arguments, talks to a server or, but for `load_graph`,
reads a file. Nodes are named by title or class, never by their numeric id.
"""

from __future__ import annotations

from .binding import (
    batch_size_of,
    bind_jobs,
    bind_plan,
    check_free,
    set_checkpoint,
    set_only,
    set_value,
)
from .convert import to_api
from .differences import Difference, differences
from .kept import more_than_kept
from .links import picture_nodes
from .llm import set_llm
from .loras import set_loras
from .model import ApiGraph, Graph, ObjectInfo, find_nodes, title_of, with_inputs
from .models import model_files
from .naming import find_input, names_a_node, no_node, parse_assignment
from .numbers import set_size, size_of
from .origins import Origins
from .planners import without_planner
from .preflight import MissingModel, check, check_classes, find_missing_models, picture_loaders
from .reading import load_graph, parse_graph
from .samplers import every_sampler
from .showing import showing
from .trace import (
    Place,
    Trace,
    bind_traced,
    check_placeholders,
    has_placeholder,
    name_files,
    place_at,
    placeholders,
    trace_graph,
)
from .wishes import bind_wish, chain, without_lacking

__all__ = [
    "ApiGraph",
    "Difference",
    "Graph",
    "MissingModel",
    "ObjectInfo",
    "Origins",
    "Place",
    "Trace",
    "batch_size_of",
    "bind_jobs",
    "bind_plan",
    "bind_traced",
    "bind_wish",
    "chain",
    "check",
    "check_classes",
    "check_free",
    "check_placeholders",
    "differences",
    "every_sampler",
    "find_input",
    "find_missing_models",
    "find_nodes",
    "has_placeholder",
    "load_graph",
    "model_files",
    "more_than_kept",
    "name_files",
    "names_a_node",
    "no_node",
    "parse_assignment",
    "parse_graph",
    "picture_loaders",
    "picture_nodes",
    "place_at",
    "placeholders",
    "set_checkpoint",
    "set_llm",
    "set_loras",
    "set_only",
    "set_size",
    "set_value",
    "showing",
    "size_of",
    "title_of",
    "to_api",
    "trace_graph",
    "with_inputs",
    "without_lacking",
    "without_planner",
]
