"""Links of a canvas graph, followed upwards to where they begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, cast

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
    Slot,
)
from .definitions import MISSING
from .groups import behind_output, feeding
from .model import as_list, shown
from .values import primitive_value, promoted_values, wrapped

_MAX_STEPS = 500_000
"""How many nodes all links together may pass through."""


@dataclass(frozen=True)
class Output:
    """An output of a node that is queued."""

    node_id: str
    slot: int


@dataclass(frozen=True)
class Literal:
    """A widget's value that came by a link."""

    value: Any

    @classmethod
    def of(cls, value: Any) -> Literal | None:
        if value is MISSING:
            return None
        return cls(wrapped(cast("list[Any]", value)) if isinstance(value, list) else value)


Source: TypeAlias = Output | Literal | None


class Resolver:
    """Follows links upwards through virtual, bypassed and subgraph nodes to where they begin."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._steps = 0

    def input(self, scope: Scope, node: Node, index: int) -> Source:
        """What stands behind a node's input, or None where nothing does."""
        if scope.group is not None:
            return self._inside_group(scope, node, index)
        source = self._input(scope, node, index, None, set())
        return self._left_above(scope, node, index) if source is None else source

    def _left_above(self, scope: Scope, node: Node, index: int) -> Source:
        """What a subgraph's node shows for an input whose link comes from nothing: the canvas
        gives that to the widgets inside when it saves or queues the graph."""
        number, value = node.inputs[index].link, MISSING
        while scope.parent is not None and scope.owner is not None:
            link = scope.links.get(number) if number is not None else None
            if link is None or link.origin != SUBGRAPH_INPUT:
                break
            if link.origin_slot >= len(scope.owner.inputs):
                return None
            slot = scope.owner.inputs[link.origin_slot]
            value = promoted_values(scope.parent, scope.owner).get(slot.name, MISSING)
            scope, number = scope.parent, slot.link
        return Literal.of(value)

    def _input(
        self, scope: Scope, node: Node, index: int, wanted: str | None, seen: set[Any]
    ) -> Source:
        self._visit(seen, scope, node, "input", index)
        slot = node.inputs[index]
        if slot.link is None:
            return None
        link = self._link(scope, node, slot, slot.link)
        if link.origin == SUBGRAPH_INPUT and scope.owner is not None:
            return self._above(scope, link, seen)
        origin = self._origin(scope, node, slot, link)
        return self._output(scope, origin, link.origin_slot, wanted or slot.type, seen)

    def _link(self, scope: Scope, node: Node, slot: Slot, number: int) -> Link:
        link = scope.links.get(number)
        if link is None:
            what = f"its input {shown(slot.name)} has a link that is not in the file"
            raise self._broken(node, what)
        return link

    def _origin(self, scope: Scope, node: Node, slot: Slot, link: Link) -> Node:
        origin = scope.nodes.get(link.origin)
        if origin is None:
            what = f"its input {shown(slot.name)} comes from a node that is not there"
            raise self._broken(node, what)
        return origin

    def _inside_group(self, scope: Scope, node: Node, index: int) -> Source:
        group, parent, owner = scope.group, scope.parent, scope.owner
        if group is None or parent is None or owner is None:
            return None
        source = feeding(group, int(node.id), index)
        if isinstance(source, tuple):
            inner = scope.nodes[str(source[0])]
            return None if inner.type == PRIMITIVE else Output(scope.execution_id(inner), source[1])
        slot = owner.inputs[source] if source is not None and source < len(owner.inputs) else None
        if slot is None or slot.link is None:
            return None
        link = self._link(parent, owner, slot, slot.link)
        origin = self._origin(parent, owner, slot, link)
        return Output(parent.execution_id(origin), link.origin_slot)

    def _group_output(
        self, scope: Scope, node: Node, inside: Scope, slot: int, wanted: str, seen: set[Any]
    ) -> Source:
        if node.mode == BYPASS:
            order = [slot, *range(len(node.inputs))]
            fitting = (i for i in order if i < len(node.inputs) and node.inputs[i].type == wanted)
            index = next(fitting, None)
            return None if index is None else self._input(scope, node, index, None, seen)
        found = behind_output(inside, slot)
        if found is None:
            raise self._broken(node, f"nothing inside this group node gives its output {slot}")
        return Output(inside.execution_id(inside.nodes[found[0]]), found[1])

    def _above(self, scope: Scope, link: Link, seen: set[Any]) -> Source:
        """An input of the subgraph itself: its node's link, or else its node's widget."""
        parent, owner = scope.parent, scope.owner
        if parent is None or owner is None or link.origin_slot >= len(owner.inputs):
            return None
        slot = owner.inputs[link.origin_slot]
        if slot.link is None:
            return Literal.of(promoted_values(parent, owner).get(slot.name, MISSING))
        return self._input(parent, owner, link.origin_slot, None, seen)

    def _output(self, scope: Scope, node: Node, slot: int, wanted: str, seen: set[Any]) -> Source:
        self._visit(seen, scope, node, "output", slot)
        inside = scope.children.get(node.id)
        if inside is not None and inside.group is not None:
            return self._group_output(scope, node, inside, slot, wanted, seen)
        if node.type == PRIMITIVE:
            return Literal.of(primitive_value(node))
        if node.mode == BYPASS:
            index = _bypass_input(node, slot, wanted)
            return None if index is None else self._input(scope, node, index, None, seen)
        if inside is not None:
            return self._below(inside, slot, wanted, seen)
        if node.type in VIRTUAL:
            if slot >= len(node.inputs):
                return None
            return self._input(scope, node, slot, wanted, seen)
        return Output(scope.execution_id(node), slot)

    def _below(self, inside: Scope, slot: int, wanted: str, seen: set[Any]) -> Source:
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

    def _visit(self, seen: set[Any], scope: Scope, node: Node, side: str, index: int) -> None:
        key = (scope.path, node.id, side, index)
        if key in seen:
            raise self._broken(node, "its links run in a circle")
        seen.add(key)
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise self._broken(node, "its links are too long to follow")

    def _broken(self, node: Node, what: str) -> GraphInvalid:
        return GraphInvalid(
            what,
            where=f"{self._name}, node {shown(node.title)}",
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
