"""Graphs as they travel: a workflow file as it was read, and the API graph that is queued.

A *canvas graph* is what the canvas saves: `nodes`, `links`, positions, widget values by position.
An *API graph* is what POST /prompt takes: node id -> `class_type`, `inputs` by name and `_meta`.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

ApiGraph: TypeAlias = dict[str, dict[str, Any]]
"""Node id -> {"class_type": str, "inputs": {name: value or [node id, slot]}, "_meta": {"title"}}"""

ObjectInfo: TypeAlias = Mapping[str, Any]
"""The decoded answer of GET /object_info: node class -> its definition."""


@dataclass(frozen=True)
class Graph:
    """A workflow file: its `name` for messages, its decoded `data`, and which of the two it is."""

    name: str
    data: dict[str, Any]
    is_canvas: bool


def title_of(api: ApiGraph, node_id: str) -> str:
    """The node's title without spaces around it, or its class where it has none."""
    node = api[node_id]
    return str(node.get("_meta", {}).get("title") or "").strip() or str(node["class_type"])


def names_of(api: ApiGraph) -> dict[str, str]:
    """Node id -> the name by which a person sets the node: its title, with `#2` behind it for the
    second node of that title in the graph's order."""
    titles = {node_id: title_of(api, node_id) for node_id in api}
    counts = Counter(titles.values())
    passed = Counter[str]()
    names: dict[str, str] = {}
    for node_id, title in titles.items():
        passed[title] += 1
        names[node_id] = f"{title}#{passed[title]}" if counts[title] > 1 else title
    return names


def one_line(value: Any, longest: int = 60) -> str:
    """A value out of a graph for a person: on one line, shortened, and without what a terminal
    would act on. What is no text is shown as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = "".join(char if char.isprintable() else " " for char in text[: longest + 1])
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def shown(text: str, longest: int = 60) -> str:
    """The same in quotes, as a title or another text of a graph stands in messages."""
    return repr(one_line(text, longest))


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
