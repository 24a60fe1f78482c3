"""Canvas graph -> API graph: what the canvas itself would queue.

- Widget values go by name; a link into a widget's input replaces its value.
- Reroute and Primitive nodes, notes and subgraphs' own nodes vanish; what they carry stays. Nodes
  inside a subgraph get ids such as `12:5`.
- A muted node goes, and the links to it with it. A bypassed one hands on, for each output, the
  input of the same type (the one at the same place first).
- Known difference: names of files are queued as they stand, without filling in `%date%` or
  `%Node.widget%`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, cast

from ..errors import GraphInvalid
from .canvas import (
    BYPASS,
    PRIMITIVE,
    SUBGRAPH_INPUT,
    SUBGRAPH_OUTPUT,
    VIRTUAL,
    Link,
    Node,
    Scope,
    open_canvas,
)
from .definitions import MISSING
from .model import ApiGraph, Graph, ObjectInfo, as_list, is_link
from .values import primitive_value, promoted_values, widget_values, wrapped


def to_api(graph: Graph, info: ObjectInfo) -> ApiGraph:
    """The graph as it is queued; a file that holds an API graph comes back as a copy.

    A node whose class the server does not have keeps its links only, since nothing says which value
    belongs to which widget: `preflight` refuses such a graph. Raises GraphInvalid for links that
    lead nowhere or in a circle, group nodes and broken files.
    """
    if not graph.is_canvas:
        return copy.deepcopy(graph.data)
    try:
        return _convert(graph, info)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        # A canvas file has no schema that can be trusted: packs write what they like into it.
        raise GraphInvalid(
            f"is not in the canvas's format ({type(error).__name__}: {error})",
            where=graph.name,
            hint="Open the file in the canvas and save it again.",
        ) from error


def _convert(graph: Graph, info: ObjectInfo) -> ApiGraph:
    top = open_canvas(graph, info)
    found = [
        (scope, node)
        for scope, node in top.walk()
        if node.active and node.type not in VIRTUAL and node.id not in scope.children
    ]
    resolver = _Resolver(graph.name)
    api: ApiGraph = {}
    for scope, node in found:
        inputs = {k: v for k, v in widget_values(node).items() if v is not MISSING}
        for index, slot in enumerate(node.inputs):
            source = resolver.input(scope, node, index)
            if isinstance(source, _Output):
                inputs[slot.name] = [source.node_id, source.slot]
            elif isinstance(source, _Literal) and slot.widget is not None:
                inputs[slot.name] = source.value
        api[scope.execution_id(node)] = {
            "inputs": inputs,
            "class_type": node.type,
            "_meta": {"title": node.title},
        }
    for entry in api.values():
        entry["inputs"] = {
            name: value
            for name, value in entry["inputs"].items()
            if not (is_link(value) and value[0] not in api)
        }
    return api


@dataclass(frozen=True)
class _Output:
    """An output of a node that is queued."""

    node_id: str
    slot: int


@dataclass(frozen=True)
class _Literal:
    """A widget's value that came by a link."""

    value: Any

    @classmethod
    def of(cls, value: Any) -> _Literal | None:
        if value is MISSING:
            return None
        return cls(wrapped(cast("list[Any]", value)) if isinstance(value, list) else value)


_Source = _Output | _Literal | None


class _Resolver:
    """Follows links upwards through virtual, bypassed and subgraph nodes to where they begin."""

    def __init__(self, name: str) -> None:
        self._name = name

    def input(self, scope: Scope, node: Node, index: int) -> _Source:
        """What stands behind a node's input, or None where nothing does."""
        return self._input(scope, node, index, None, frozenset())

    def _input(
        self, scope: Scope, node: Node, index: int, wanted: str | None, seen: frozenset[Any]
    ) -> _Source:
        seen = self._visit(seen, scope, node, "input", index)
        slot = node.inputs[index]
        if slot.link is None:
            return None
        link = scope.links.get(slot.link)
        if link is None:
            raise self._broken(node, f"its input {slot.name!r} has a link that is not in the file")
        if link.origin == SUBGRAPH_INPUT and scope.owner is not None:
            return self._above(scope, link, seen)
        origin = scope.nodes.get(link.origin)
        if origin is None:
            raise self._broken(node, f"its input {slot.name!r} comes from a node that is not there")
        return self._output(scope, origin, link.origin_slot, wanted or slot.type, seen)

    def _above(self, scope: Scope, link: Link, seen: frozenset[Any]) -> _Source:
        """An input of the subgraph itself: its node's link, or else its node's widget."""
        parent, owner = scope.parent, scope.owner
        if parent is None or owner is None or link.origin_slot >= len(owner.inputs):
            return None
        slot = owner.inputs[link.origin_slot]
        if slot.link is None:
            return _Literal.of(promoted_values(parent, owner).get(slot.name, MISSING))
        return self._input(parent, owner, link.origin_slot, None, seen)

    def _output(
        self, scope: Scope, node: Node, slot: int, wanted: str, seen: frozenset[Any]
    ) -> _Source:
        seen = self._visit(seen, scope, node, "output", slot)
        if node.type == PRIMITIVE:
            return _Literal.of(primitive_value(node))
        if node.mode == BYPASS:
            index = _bypass_input(node, slot, wanted)
            return None if index is None else self._input(scope, node, index, None, seen)
        if node.id in scope.children:
            return self._below(scope.children[node.id], slot, wanted, seen)
        if node.type in VIRTUAL:
            if slot >= len(node.inputs):
                return None
            return self._input(scope, node, slot, wanted, seen)
        return _Output(scope.execution_id(node), slot)

    def _below(self, inside: Scope, slot: int, wanted: str, seen: frozenset[Any]) -> _Source:
        """An output of a subgraph: the node inside that gives it."""
        outputs = as_list(inside.raw.get("outputs"))
        numbers = as_list(outputs[slot].get("linkIds")) if slot < len(outputs) else []
        link = inside.links.get(numbers[0]) if numbers else None
        if link is None or link.target != SUBGRAPH_OUTPUT:
            return None
        if link.origin == SUBGRAPH_INPUT:
            return self._above(inside, link, seen)
        node = inside.nodes.get(link.origin)
        return self._output(inside, node, link.origin_slot, wanted, seen) if node else None

    def _visit(
        self, seen: frozenset[Any], scope: Scope, node: Node, side: str, index: int
    ) -> frozenset[Any]:
        key = (scope.path, node.id, side, index)
        if key in seen:
            raise self._broken(node, "its links run in a circle")
        return seen | {key}

    def _broken(self, node: Node, what: str) -> GraphInvalid:
        return GraphInvalid(
            what,
            where=f"{self._name}, node {node.title!r}",
            hint="Open the file in the canvas, mend the link and save it.",
        )


def _bypass_input(node: Node, output: int, wanted: str) -> int | None:
    """The input that a bypassed node hands on for one of its outputs, for a receiver that wants a
    type."""
    if not node.inputs:
        return None
    if wanted == "*":
        return output if output < len(node.inputs) else 0
    given = node.outputs[output] if output < len(node.outputs) else "*"

    def fits(index: int) -> bool:
        kind = node.inputs[index].type
        return types_match(kind, given) and types_match(kind, wanted)

    if output < len(node.inputs) and fits(output):
        return output
    exact = [i for i, slot in enumerate(node.inputs) if slot.type == wanted]
    return next(iter([*exact, *filter(fits, range(len(node.inputs)))]), None)


def types_match(a: str, b: str) -> bool:
    """Whether the canvas lets two types be linked; each may name several, or be `*`."""
    if "*" in (a, b):
        return True
    return not set(a.lower().split(",")).isdisjoint(b.lower().split(","))
