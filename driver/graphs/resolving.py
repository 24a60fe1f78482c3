"""Links of a canvas graph, followed upwards to where they begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from ..errors import GraphInvalid
from .canvas import (
    BYPASS,
    PRIMITIVE,
    SETTERS,
    SUBGRAPH_INPUT,
    SUBGRAPH_OUTPUT,
    Link,
    Node,
    Scope,
    Slot,
)
from .definitions import MISSING
from .groups import behind_output, feeding
from .model import as_list, shown
from .values import primitive_value, promoted_values

_MAX_STEPS = 500_000
"""How many nodes all links together may pass through."""

_FILLS_IN = "Run widget replace on values"
"""The property of a Primitive node that tells it to fill in values."""


@dataclass(frozen=True)
class Output:
    """An output of a node that is queued."""

    node_id: str
    slot: int


@dataclass(frozen=True)
class Literal:
    """A widget's value that came by a link.

    `is_written`: the canvas writes it into the node's own widget before that is queued; else it is
    queued as it stands, whatever the widget would make of it. `fills_in`: a Primitive node that is
    told to fill in `%Node.widget%` (see `replacing`) gave it.
    """

    value: Any
    is_written: bool
    fills_in: bool = False


Source: TypeAlias = Output | Literal | None


class _Step(NamedTuple):
    """An input or output on the way, and the type that is wanted there, which bypassed nodes ask
    for (None: that of the input)."""

    scope: Scope
    node: Node
    is_input: bool
    slot: int
    wanted: str | None

    @property
    def place(self) -> tuple[object, ...]:
        return (self.scope.path, self.node.id, self.is_input, self.slot, self.wanted)


class Resolver:
    """Follows links upwards through virtual, bypassed and subgraph nodes to where they begin."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._steps = 0
        self._known: dict[tuple[object, ...], Source] = {}
        self._setters: dict[tuple[str, ...], dict[tuple[str, str], Node]] = {}

    def input(self, scope: Scope, node: Node, index: int) -> Source:
        """What stands behind a node's input, or None where nothing does."""
        if scope.group is not None:
            return self._inside_group(scope, node, index)
        source = self._follow(_Step(scope, node, True, index, None))
        return self._left_above(scope, node, index) if source is None else source

    def _follow(self, start: _Step) -> Source:
        passed: dict[tuple[object, ...], None] = {}
        step: _Step | Source = start
        while isinstance(step, _Step):
            place = step.place
            if place in self._known:
                step = self._known[place]
                break
            self._steps += 1
            if place in passed:
                raise self._broken(step.node, "its links run in a circle")
            if self._steps > _MAX_STEPS:
                raise self._broken(step.node, "its links are too long to follow")
            passed[place] = None
            step = self._input(step) if step.is_input else self._output(step)
        self._known.update(dict.fromkeys(passed, step))
        return step

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
        return None if value is MISSING else Literal(value, is_written=True)

    def _input(self, step: _Step) -> _Step | Source:
        scope, node = step.scope, step.node
        slot = node.inputs[step.slot]
        if slot.link is None:
            return None
        link = self._link(scope, node, slot, slot.link)
        if link.origin == SUBGRAPH_INPUT and scope.owner is not None:
            return self._above(scope, link)
        origin = self._origin(scope, node, slot, link)
        return _Step(scope, origin, False, link.origin_slot, step.wanted or slot.type)

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

    def _group_output(self, step: _Step, inside: Scope) -> _Step | Source:
        node, slot = step.node, step.slot
        if node.mode == BYPASS:
            order = [slot, *range(len(node.inputs))]
            inputs = (i for i in order if i < len(node.inputs))
            index = next((i for i in inputs if node.inputs[i].type == step.wanted), None)
            return None if index is None else _Step(step.scope, node, True, index, None)
        found = behind_output(inside, slot)
        if found is None:
            raise self._broken(node, f"nothing inside this group node gives its output {slot}")
        return Output(inside.execution_id(inside.nodes[found[0]]), found[1])

    def _above(self, scope: Scope, link: Link) -> _Step | Source:
        """An input of the subgraph itself: its node's link, or else its node's widget."""
        parent, owner = scope.parent, scope.owner
        if parent is None or owner is None or link.origin_slot >= len(owner.inputs):
            return None
        slot = owner.inputs[link.origin_slot]
        if slot.link is None:
            value = promoted_values(parent, owner).get(slot.name, MISSING)
            return None if value is MISSING else Literal(value, is_written=False)
        return _Step(parent, owner, True, link.origin_slot, None)

    def _output(self, step: _Step) -> _Step | Source:
        scope, node, slot, wanted = step.scope, step.node, step.slot, step.wanted or "*"
        inside = scope.children.get(node.id)
        if inside is not None and inside.group is not None:
            return self._group_output(step, inside)
        if node.type == PRIMITIVE:
            value = primitive_value(node)
            fills_in = bool(node.properties.get(_FILLS_IN))
            return None if value is MISSING else Literal(value, True, fills_in)
        if node.mode == BYPASS:
            index = _bypass_input(node, slot, wanted)
            return None if index is None else _Step(scope, node, True, index, None)
        if inside is not None:
            return self._below(inside, slot, wanted)
        if not node.is_virtual:
            return Output(scope.execution_id(node), slot)
        if node.type in SETTERS:
            scope, node = self._setter(scope, node)
        return _Step(scope, node, True, slot, wanted) if slot < len(node.inputs) else None

    def _setter(self, scope: Scope, node: Node) -> tuple[Scope, Node]:
        """The node that sets what this one gets: the first of that name on its own level, or on
        the nearest one above."""
        name = _set_name(node)
        level: Scope | None = scope
        while level is not None:
            if level.path not in self._setters:
                setters = [n for n in level.nodes.values() if n.type in SETTERS.values()]
                self._setters[level.path] = {(n.type, _set_name(n)): n for n in setters[::-1]}
            found = self._setters[level.path].get((SETTERS[node.type], name))
            if found is not None and name:
                return level, found
            level = level.parent
        raise self._broken(node, f"no {SETTERS[node.type]} sets what it gets, {shown(name)}")

    def _below(self, inside: Scope, slot: int, wanted: str) -> _Step | Source:
        """An output of a subgraph: the node inside that gives it."""
        outputs = as_list(inside.raw.get("outputs"))
        numbers = as_list(outputs[slot].get("linkIds")) if slot < len(outputs) else []
        link = inside.links.get(numbers[0]) if numbers else None
        if link is None or link.target != SUBGRAPH_OUTPUT:
            return None
        if link.origin == SUBGRAPH_INPUT:
            return self._above(inside, link)
        node = inside.nodes.get(link.origin)
        return None if node is None else _Step(inside, node, False, link.origin_slot, wanted)

    def _broken(self, node: Node, what: str) -> GraphInvalid:
        return GraphInvalid(
            what,
            where=f"{self._name}, node {shown(node.title)}",
            hint="Open the file in the canvas, mend the link and save it.",
        )


def _set_name(node: Node) -> str:
    """What a node of SETTERS sets or gets."""
    saved = as_list(node.widgets_values)
    return saved[0] if saved and isinstance(saved[0], str) else ""


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
