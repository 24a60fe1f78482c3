"""Legacy group nodes (`workflow>NAME`), opened as the canvas opens them.

`extra.groupNodes` holds for each name the inner `nodes`, their `links` as [from, output, to, input,
id, type] by the nodes' places, the outputs used from outside (`external`), and what was renamed or
hidden (`config`). From these the canvas builds a node class: what the inner nodes leave unlinked
becomes its inputs, widgets and outputs. Inner nodes are queued as `5:0`, `5:1`, ... after the group
node's id.

The canvas queues a group node whatever its mode, and keeps only those links between inner and other
nodes that touch a queued node directly: one through a Reroute or another group node is lost. So it
is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from .canvas import PRIMITIVE, REROUTE, GroupLinks, Node, Scope, read_node
from .definitions import MISSING
from .group_class import GroupClass, read_class
from .model import ObjectInfo
from .values import primitive_value, saved_values

PREFIXES = ("workflow>", "workflow/")


def group_name(class_type: str) -> str | None:
    """NAME of `workflow>NAME`, or None for other classes."""
    return class_type[len(PREFIXES[0]) :] if class_type.startswith(PREFIXES) else None


@dataclass
class GroupScope(Scope):
    """The scope of a group node. Its inner nodes get their values by `fill_in`."""

    group_class: GroupClass | None = None


def open_group(
    name: str, raw: Mapping[str, Any], data: Mapping[str, Any], info: ObjectInfo, parent: Scope
) -> tuple[Node, Scope]:
    """A group node and its scope. KeyError, TypeError and the like for what is not in the
    format."""
    group = read_class(data, info)
    kind = PREFIXES[0] + name
    raw_class = {"display_name": name, "input": {"required": group.inputs}, "output": group.outputs}
    owner = read_node({**raw, "type": kind}, {kind: raw_class}, {})
    inside = GroupScope((owner.id,), {}, parent, owner, group=group.links, group_class=group)
    for place, inner in enumerate(data["nodes"]):
        inside.nodes[str(place)] = read_node({**inner, "id": place}, info, {})
    return owner, inside


def fill_in(scope: Scope, inside: Scope, known: dict[int, Any]) -> None:
    """Gives the inner nodes the values of the group node's widgets; `scope` is complete. `known`,
    kept for one scope, is what Primitive nodes give through its links."""
    assert isinstance(inside, GroupScope)
    assert inside.owner is not None
    assert inside.group_class is not None
    group = inside.group_class
    shown = saved_values(inside.owner)
    for slot in inside.owner.inputs:
        value = MISSING if slot.widget is None else _from_primitive(scope, slot.link, known)
        if value is not MISSING:
            shown[str(slot.widget)] = value
    values = {number: saved_values(node) for number, node in inside.nodes.items()}
    for name, (place, inner_name) in group.widgets.items():
        value = shown.get(name, MISSING)
        if value is MISSING:
            continue
        targets = [(place, inner_name)]
        if inside.nodes[str(place)].type == PRIMITIVE:
            targets = group.primitives.get(place, [])
        for number, widget in targets:
            if widget in values[str(number)]:
                values[str(number)][widget] = value
    for number, node in inside.nodes.items():
        if node.definition is not None:
            inside.nodes[number] = replace(node, widgets_values=values[number])


def feeding(links: GroupLinks, place: int, index: int) -> tuple[int, int] | int | None:
    """What feeds an inner node's input: (inner node, output), an input of the group node, or
    nothing."""
    outer = links.outer.get(place, {}).get(index)
    return links.inner.get(place, {}).get(index) if outer is None else outer


def behind_output(inside: Scope, slot: int) -> tuple[str, int] | None:
    """(inner node, its output) that an output of the group node shows, past inner Reroutes; None
    where these lead out of the group or nowhere."""
    links = cast("GroupLinks", inside.group)
    if slot >= len(links.outputs):
        return None
    place, output = links.outputs[slot]
    for _ in inside.nodes:
        if inside.nodes[str(place)].type != REROUTE:
            return str(place), output
        source = feeding(links, place, 0)
        if not isinstance(source, tuple) or inside.nodes[str(source[0])].type == PRIMITIVE:
            return None
        place, output = source
    return None


def _from_primitive(scope: Scope, number: int | None, known: dict[int, Any]) -> Any:
    """What a Primitive node gives through a link, Reroutes between included, or MISSING."""
    value: Any = MISSING
    passed: dict[int, None] = {}
    while number is not None and number not in passed:
        if number in known:
            value = known[number]
            break
        passed[number] = None
        link = scope.links.get(number)
        origin = scope.nodes.get(link.origin) if link else None
        if origin is None or origin.type != REROUTE or not origin.inputs:
            value = primitive_value(origin) if origin and origin.type == PRIMITIVE else MISSING
            break
        number = origin.inputs[0].link
    known.update(dict.fromkeys(passed, value))
    return value
