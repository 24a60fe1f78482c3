"""Graphs as they travel: a workflow file as it was read, and the API graph that is queued.

A *canvas graph* is what the canvas saves: `nodes`, `links`, positions, widget values by position.
An *API graph* is what POST /prompt takes: node id -> `class_type`, `inputs` by name and `_meta`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

from ..errors import GraphInvalid

ApiGraph: TypeAlias = dict[str, dict[str, Any]]
"""Node id -> {"class_type": str, "inputs": {name: value or [node id, slot]}, "_meta": {"title"}}"""

ObjectInfo: TypeAlias = Mapping[str, Any]
"""The decoded answer of GET /object_info: node class -> its definition."""

_HOW_TO_SAVE = "Save the graph in the canvas with Workflow > Save, or with Workflow > Export (API)."


@dataclass(frozen=True)
class Graph:
    """A workflow file: its `name` for messages, its decoded `data`, and which of the two it is."""

    name: str
    data: dict[str, Any]
    is_canvas: bool


def load_graph(path: Path) -> Graph:
    """Reads a workflow file, canvas or API. Raises GraphInvalid naming the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise GraphInvalid("there is no such file", where=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise GraphInvalid(f"cannot be read: {error}", where=str(path)) from error
    return parse_graph(text, str(path))


def parse_graph(text: str, name: str) -> Graph:
    """A graph from JSON text; `name` stands in errors. Raises GraphInvalid."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GraphInvalid(f"is not valid JSON: {error}", where=name, hint=_HOW_TO_SAVE) from error
    if not isinstance(data, dict):
        raise GraphInvalid("is not a workflow", where=name, hint=_HOW_TO_SAVE)
    graph = cast("dict[str, Any]", data)
    if "nodes" in graph:
        if not isinstance(graph["nodes"], list) or not isinstance(graph.get("links", []), list):
            raise GraphInvalid("nodes and links must be lists", where=name, hint=_HOW_TO_SAVE)
        return Graph(name, graph, is_canvas=True)
    if graph and all(_is_api_node(node) for node in graph.values()):
        return Graph(name, graph, is_canvas=False)
    raise GraphInvalid(
        "is neither a canvas graph (nodes, links) nor an API graph (class_type, inputs)",
        where=name,
        hint=_HOW_TO_SAVE,
    )


def title_of(api: ApiGraph, node_id: str) -> str:
    """The node's title, or its class where it has none."""
    node = api[node_id]
    return str(node.get("_meta", {}).get("title") or node["class_type"])


def find_nodes(api: ApiGraph, class_type: str) -> list[str]:
    """Ids of the nodes of a class, in the graph's order."""
    return [node_id for node_id, node in api.items() if node["class_type"] == class_type]


def is_link(value: Any) -> bool:
    """Whether an input's value is [node id, output slot]."""
    if not isinstance(value, list):
        return False
    items = cast("list[Any]", value)
    return len(items) == 2 and isinstance(items[0], str) and isinstance(items[1], int)


def with_inputs(api: ApiGraph, values: Mapping[str, Mapping[str, Any]]) -> ApiGraph:
    """A copy of the graph in which the named inputs (node id -> name -> value) are replaced."""
    changed = copy.deepcopy(api)
    for node_id, inputs in values.items():
        changed[node_id]["inputs"].update(copy.deepcopy(dict(inputs)))
    return changed


def as_list(value: Any) -> list[Any]:
    """A decoded JSON value if it is a list, or else an empty list."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def _is_api_node(node: Any) -> bool:
    if not isinstance(node, dict):
        return False
    fields = cast("dict[str, Any]", node)
    return (
        isinstance(fields.get("class_type"), str)
        and isinstance(fields.get("inputs"), dict)
        and isinstance(fields.get("_meta", {}), dict)
    )
