"""A canvas graph as nodes, slots and links, with its subgraphs opened.

Each *scope* is one level: the graph itself, or one instance of a subgraph or of a legacy group
node. The same subgraph placed twice is two scopes. Slots stand in the order of the node's
definition, as the canvas arranges them when it opens a file, whatever their order in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .definitions import NodeDef, node_def
from .model import ObjectInfo, as_list

NEVER, BYPASS = 2, 4
"""Modes of a node: muted, and passed through."""

PRIMITIVE, REROUTE = "PrimitiveNode", "Reroute"
VIRTUAL = {"Note", "MarkdownNote", REROUTE, PRIMITIVE}
"""Nodes of the canvas itself that live there only."""

SETTERS = {"GetNode": "SetNode", "easy getNode": "easy setNode"}
"""Nodes of packs (KJNodes, Easy-Use) that give what another one takes under the same name: giving
class -> taking class."""
_OF_PACKS = {*SETTERS, *SETTERS.values(), "Reroute (rgthree)"}
"""Nodes that packs add to the canvas only, and that links run through: no server knows them."""

SUBGRAPH_INPUT = "-10"
SUBGRAPH_OUTPUT = "-20"

_RENAMED = {
    "T2IAdapterLoader": "ControlNetLoader",
    "ConditioningAverage ": "ConditioningAverage",
    "SDV_img2vid_Conditioning": "SVD_img2vid_Conditioning",
    "Load3DAnimation": "Load3D",
    "Preview3DAnimation": "Preview3D",
}
"""Classes that the canvas renames when it opens an old file."""


@dataclass(frozen=True)
class Slot:
    """An input of a node. `widget` is the name of the widget it may replace."""

    name: str
    type: str
    link: int | None
    widget: str | None


@dataclass(frozen=True)
class Link:
    origin: str
    origin_slot: int
    target: str
    target_slot: int


@dataclass(frozen=True)
class Node:
    id: str
    type: str
    title: str
    mode: int
    inputs: tuple[Slot, ...]
    outputs: tuple[str, ...]
    widgets_values: Any
    properties: Mapping[str, Any]
    definition: NodeDef | None

    @property
    def active(self) -> bool:
        return self.mode not in (NEVER, BYPASS)

    @property
    def is_virtual(self) -> bool:
        """Whether it is one of those that are never queued, and whose links count all the same."""
        return self.type in VIRTUAL or (self.type in _OF_PACKS and self.definition is None)


@dataclass(frozen=True)
class GroupLinks:
    """How a legacy group node's inner nodes hang together. They are numbered from 0, and slots
    count among a node's inputs or outputs."""

    outer: Mapping[int, Mapping[int, int]]
    """Inner node -> its input -> the input of the group node that feeds it."""
    inner: Mapping[int, Mapping[int, tuple[int, int]]]
    """Inner node -> its input -> (inner node, output) that feeds it."""
    outputs: tuple[tuple[int, int], ...]
    """(inner node, output) behind each output of the group node."""


@dataclass
class Scope:
    """One level of the graph. `owner` is the subgraph's node, or the group node, in `parent`;
    `children` holds the scopes of this level's own nodes of these kinds."""

    path: tuple[str, ...]
    raw: Mapping[str, Any]
    parent: Scope | None = None
    owner: Node | None = None
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    links: dict[int, Link] = field(default_factory=dict[int, Link])
    children: dict[str, Scope] = field(default_factory=dict[str, "Scope"])
    group: GroupLinks | None = None
    """Set in the scope of a group node, which has no `links`."""
    promoted: dict[str, Any] | None = None
    """Kept by `values.promoted_values`."""

    def execution_id(self, node: Node) -> str:
        return ":".join((*self.path, node.id))

    @cached_property
    def linked(self) -> frozenset[str]:
        """Ids of the nodes at either end of this level's links."""
        return frozenset(i for link in self.links.values() for i in (link.origin, link.target))

    def walk(self) -> Iterator[tuple[Scope, Node]]:
        """Every node of this level and of those below."""
        for node in self.nodes.values():
            yield self, node
            if node.id in self.children:
                yield from self.children[node.id].walk()


def read_node(
    raw: Mapping[str, Any], info: ObjectInfo, subgraphs: Mapping[str, Mapping[str, Any]]
) -> Node:
    """A node of a file; KeyError, TypeError and the like for what is not in the format."""
    kind = str(raw["type"])
    kind = _RENAMED.get(kind, kind)
    definition = None if kind in VIRTUAL else node_def(info, kind)
    name = definition.display_name if definition else kind
    raw_inputs: list[Mapping[str, Any]] = as_list(raw.get("inputs"))
    outputs = [_type(output.get("type")) for output in as_list(raw.get("outputs"))]
    if subgraph := subgraphs.get(kind):
        name = str(subgraph.get("name") or name)
        inputs = _subgraph_slots(raw_inputs, subgraph)
        outputs = [_type(output.get("type")) for output in subgraph.get("outputs") or ()]
    elif definition:
        inputs = _defined_slots(raw_inputs, definition)
        outputs = [*definition.outputs, *outputs[len(definition.outputs) :]]
    else:
        inputs = [_slot(slot, None) for slot in raw_inputs]
    return Node(
        id=str(raw["id"]),
        type=kind,
        title=str(raw.get("title") or name),
        mode=int(raw.get("mode") or 0),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        widgets_values=raw.get("widgets_values"),
        properties=raw.get("properties") or {},
        definition=definition,
    )


def _defined_slots(raw_inputs: list[Mapping[str, Any]], definition: NodeDef) -> list[Slot]:
    saved = {str(slot["name"]): slot for slot in raw_inputs}
    plain = [spec for spec in definition.inputs if not spec.is_widget]
    widgets = [spec for spec in definition.inputs if spec.is_widget]
    slots = [
        Slot(
            spec.name,
            spec.type,
            saved.get(spec.name, {}).get("link"),
            spec.name if spec.is_widget else None,
        )
        for spec in (*plain, *widgets)
        if not spec.options.get("socketless")
    ]
    # Inputs that a pack's own script added; one for a widget that is no more goes away.
    defined = {slot.name for slot in slots}
    known = {widget.name for widget in definition.widgets}
    for name, slot in saved.items():
        locator: Mapping[str, str] = slot.get("widget") or {}
        widget = locator.get("name")
        if name not in defined and (widget is None or widget in known):
            slots.append(_slot(slot, widget))
    return slots


def _subgraph_slots(raw_inputs: list[Mapping[str, Any]], subgraph: Mapping[str, Any]) -> list[Slot]:
    saved = {str(slot["name"]): slot for slot in raw_inputs}
    return [
        Slot(str(s["name"]), _type(s.get("type")), saved.get(str(s["name"]), {}).get("link"), None)
        for s in subgraph.get("inputs") or ()
    ]


def _slot(raw: Mapping[str, Any], widget: str | None) -> Slot:
    return Slot(str(raw["name"]), _type(raw.get("type")), raw.get("link"), widget)


def _type(raw: Any) -> str:
    if isinstance(raw, list):
        return "COMBO"
    return "*" if raw in (None, 0, "") else str(raw)
