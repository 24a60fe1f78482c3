"""Canvas graph -> API graph: what the canvas itself would queue.

- Widget values go by name; a link into a widget's input replaces its value.
- Reroute and Primitive nodes, notes and subgraphs' own nodes vanish; what they carry stays, as with
  the Set and Get nodes of packs. Nodes inside a subgraph get ids such as `12:5`.
- A muted node goes, and the links to it with it. A bypassed one hands on, for each output, the
  input of the same type (the one at the same place first).
- Legacy group nodes are opened as `groups` says.
- A node of an unknown class that nothing is linked to goes: packs have such in the canvas only.
- `%Node.widget%` in the names of files is filled in as `replacing` says.
- Known difference: `%date:...%` stays, since the file alone says what is queued.
"""

from __future__ import annotations

import copy
from typing import Any

from ..errors import GraphInvalid
from .canvas import Node, Scope
from .definitions import MISSING
from .model import ApiGraph, Graph, ObjectInfo, is_link
from .opening import open_canvas
from .replacing import PREFIX, SAVING, Replacements
from .resolving import Literal, Output, Resolver
from .soundness import check_links
from .values import queued, widget_values, wrapped


def to_api(graph: Graph, info: ObjectInfo) -> ApiGraph:
    """The graph as it is queued; a file that holds an API graph comes back as a copy.

    A node whose class the server does not have keeps its links only, since nothing says which value
    belongs to which widget: `preflight` refuses such a graph. Raises GraphInvalid for links that
    lead nowhere or in a circle, and for broken files.
    """
    try:
        api = _convert(graph, info) if graph.is_canvas else copy.deepcopy(graph.data)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # A canvas file has no schema that can be trusted: packs write what they like into it.
        raise GraphInvalid(
            f"is not in the canvas's format ({type(error).__name__}: {str(error)[:200]})",
            where=graph.name,
            hint="Open the file in the canvas and save it again.",
        ) from error
    check_links(api, graph.name)
    return api


def _convert(graph: Graph, info: ObjectInfo) -> ApiGraph:
    top = open_canvas(graph, info)
    resolver = Resolver(graph.name)
    replacements = Replacements(top, resolver)
    api: ApiGraph = {
        scope.execution_id(node): {
            "inputs": _inputs(scope, node, resolver, replacements),
            "class_type": node.type,
            "_meta": {"title": node.title},
        }
        for scope, node in top.walk()
        if node.active and not _is_in_canvas_only(scope, node)
    }
    for entry in api.values():
        entry["inputs"] = {
            name: value
            for name, value in entry["inputs"].items()
            if not (is_link(value) and value[0] not in api)
        }
    return api


def _is_in_canvas_only(scope: Scope, node: Node) -> bool:
    """Virtual nodes, those that hold others, and those of an unknown class that nothing is linked
    to: labels, bookmarks and switches that packs have in the canvas only."""
    if node.is_virtual or node.id in scope.children:
        return True
    is_linked = node.id in scope.linked or any(slot.link is not None for slot in node.inputs)
    return node.definition is None and not is_linked


def _inputs(
    scope: Scope, node: Node, resolver: Resolver, replacements: Replacements
) -> dict[str, Any]:
    values = widget_values(scope, node)
    links: dict[str, Any] = {}
    for index, slot in enumerate(node.inputs):
        source = resolver.input(scope, node, index)
        if isinstance(source, Output):
            links[slot.name] = [source.node_id, source.slot]
        elif isinstance(source, Literal) and slot.widget is not None:
            if source.is_written:
                value = source.value
                values[slot.widget] = replacements.fill_in(value) if source.fills_in else value
            else:
                links[slot.name] = wrapped(source.value)
    if node.type in SAVING:
        values[PREFIX] = replacements.fill_in(values.get(PREFIX, MISSING))
    widgets = node.definition.widgets if node.definition else ()
    found = {w.name: queued(w, values[w.name]) for w in widgets if w.queued}
    return {name: value for name, value in found.items() if value is not MISSING} | links
