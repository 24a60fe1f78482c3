"""A canvas file opened: its levels, with subgraphs and legacy group nodes in place.

What a file unfolds to is bounded, since a few subgraphs that hold each other twice make millions
of nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..errors import GraphInvalid
from .canvas import VIRTUAL, Link, Node, Scope, read_node
from .groups import fill_in, group_name, open_group
from .model import Graph, ObjectInfo, as_list, shown
from .origins import Origins

_TO_NODES = "Open the file in the canvas, convert the group node to nodes, and save it."
MAX_DEPTH = 50
MAX_PARTS = 200_000
_NODE = 10
"""A node costs as much as that many inputs or links."""
MAX_CHARACTERS = 32 * 1024 * 1024


def open_canvas(graph: Graph, info: ObjectInfo) -> Scope:
    """The graph's top scope.

    Raises GraphInvalid for a subgraph that contains itself, for ids that occur twice, for group
    nodes that the canvas could not queue either, and for graphs of absurd size; KeyError, TypeError
    and the like for what is not in the canvas's format.
    """
    return _Opener(graph, info).open()


class _Opener:
    def __init__(self, graph: Graph, info: ObjectInfo) -> None:
        self._graph = graph
        self._info = info
        definitions = cast("Mapping[str, Any]", graph.data.get("definitions") or {})
        self._subgraphs: Mapping[str, Mapping[str, Any]] = {
            str(s["id"]): s for s in definitions.get("subgraphs") or ()
        }
        extra = cast("Mapping[str, Any]", graph.data.get("extra") or {})
        self._groups = cast("Mapping[str, Any]", extra.get("groupNodes") or {})
        self._origins = Origins.of(graph)
        self._parts = self._characters = 0

    def open(self) -> Scope:
        return self._scope(self._graph.data, (), None, None, ())

    def _scope(
        self,
        raw: Mapping[str, Any],
        path: tuple[str, ...],
        parent: Scope | None,
        owner: Node | None,
        above: tuple[str, ...],
    ) -> Scope:
        scope = Scope(path, raw, parent, owner)
        raw_links = raw.get("links") or ()
        self._count(len(raw_links))
        scope.links = dict(_link(link) for link in raw_links)
        for raw_node in raw["nodes"]:
            self._weigh(raw_node)
            name = group_name(str(raw_node["type"]))
            if name is not None:
                self._group(name, raw_node, scope)
                continue
            node = read_node(raw_node, self._info, self._subgraphs)
            self._place(scope, node)
            if node.type in self._subgraphs:
                if node.type in above:
                    raise self._wrong(node.title, "the subgraph contains itself")
                if len(above) >= MAX_DEPTH:
                    raise self._wrong(node.title, f"is more than {MAX_DEPTH} subgraphs deep")
                inside = self._subgraphs[node.type]
                scope.children[node.id] = self._scope(
                    inside, (*path, node.id), scope, node, (*above, node.type)
                )
        primitives: dict[int, Any] = {}
        for child in scope.children.values():
            if child.group is not None:
                fill_in(scope, child, primitives)
        return scope

    def _group(self, name: str, raw: Mapping[str, Any], scope: Scope) -> None:
        title = str(raw.get("title") or name)
        if scope.path:
            raise self._wrong(
                title, "is a group node in a subgraph, which the canvas cannot queue", _TO_NODES
            )
        data = self._groups.get(name)
        if data is None:
            raise self._wrong(
                title,
                "is a group node, and what it consists of is not in the file",
                "Save the file again from a canvas in which the group node works.",
            )
        for inner in data["nodes"]:
            self._weigh(inner)
            kind = str(inner["type"])
            if group_name(kind) is not None:
                raise self._wrong(title, "is a group node in a group node", _TO_NODES)
            if kind not in self._info and kind not in VIRTUAL:
                raise self._wrong(
                    title,
                    f"is a group node that needs the class {shown(kind)}, which the server does"
                    f" not have{self._origins.pack_of(kind)}",
                    "Install the pack that has this class, and restart the server.",
                )
        self._count(len(data["links"]))
        node, inside = open_group(name, raw, data, self._info, scope)
        self._place(scope, node)
        scope.children[node.id] = inside

    def _place(self, scope: Scope, node: Node) -> None:
        if node.id in scope.nodes:
            raise self._wrong(
                node.title,
                f"has the same id as {shown(scope.nodes[node.id].title)}: {shown(node.id)}",
            )
        self._count(len(node.inputs) + len(node.outputs))
        scope.nodes[node.id] = node

    def _weigh(self, raw: Mapping[str, Any]) -> None:
        self._count(_NODE + len(as_list(raw.get("inputs"))) + len(as_list(raw.get("outputs"))))
        saved: Any = raw.get("widgets_values")
        if isinstance(saved, dict):
            saved = list(cast("dict[str, Any]", saved).values())
        values = as_list(saved)
        self._count(len(values) // 8)
        self._characters += sum(len(value) for value in values if isinstance(value, str))

    def _count(self, parts: int) -> None:
        self._parts += parts
        if self._parts > MAX_PARTS or self._characters > MAX_CHARACTERS:
            raise GraphInvalid(
                f"unfolds to more than {MAX_PARTS:,} nodes, inputs and links, or to more than"
                f" {MAX_CHARACTERS >> 20} MiB of text",
                where=self._graph.name,
                hint="Take out subgraphs that hold many others, and save the graph.",
            )

    def _wrong(
        self,
        title: str,
        what: str,
        hint: str = "Open the file in the canvas, mend it and save it.",
    ) -> GraphInvalid:
        return GraphInvalid(what, where=f"{self._graph.name}, node {shown(title)}", hint=hint)


def _link(raw: Any) -> tuple[int, Link]:
    if isinstance(raw, Mapping):
        link = cast("Mapping[str, Any]", raw)
        keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
        number, origin, origin_slot, target, target_slot = (link[key] for key in keys)
    else:
        number, origin, origin_slot, target, target_slot = raw[:5]
    return int(number), Link(str(origin), int(origin_slot), str(target), int(target_slot))
