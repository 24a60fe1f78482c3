"""Canvas graph -> API graph: what the canvas itself would queue.

- Widget values go by name; a link into a widget's input replaces its value.
- Reroute and Primitive nodes, notes and subgraphs' own nodes vanish; what they carry stays. Nodes
  inside a subgraph get ids such as `12:5`.
- A muted node goes, and the links to it with it. A bypassed one hands on, for each output, the
  input of the same type (the one at the same place first).
- Legacy group nodes are opened as `groups` says.
- Known difference: names of files are queued as they stand, without filling in `%date%` or
  `%Node.widget%`.
"""

from __future__ import annotations

import copy

from ..errors import GraphInvalid
from .canvas import VIRTUAL
from .definitions import MISSING
from .model import ApiGraph, Graph, ObjectInfo, is_link
from .opening import open_canvas
from .resolving import Literal, Output, Resolver
from .soundness import check_links
from .values import widget_values


def to_api(graph: Graph, info: ObjectInfo) -> ApiGraph:
    """The graph as it is queued; a file that holds an API graph comes back as a copy.

    A node whose class the server does not have keeps its links only, since nothing says which value
    belongs to which widget: `preflight` refuses such a graph. Raises GraphInvalid for links that
    lead nowhere or in a circle, and for broken files.
    """
    try:
        api = _convert(graph, info) if graph.is_canvas else copy.deepcopy(graph.data)
    except RecursionError as error:
        raise GraphInvalid(
            "its links or values go through too many others",
            where=graph.name,
            hint="Take Reroute nodes or levels out of the graph, and save it.",
        ) from error
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
    found = [
        (scope, node)
        for scope, node in top.walk()
        if node.active and node.type not in VIRTUAL and node.id not in scope.children
    ]
    resolver = Resolver(graph.name)
    api: ApiGraph = {}
    for scope, node in found:
        inputs = {k: v for k, v in widget_values(node).items() if v is not MISSING}
        for index, slot in enumerate(node.inputs):
            source = resolver.input(scope, node, index)
            if isinstance(source, Output):
                inputs[slot.name] = [source.node_id, source.slot]
            elif isinstance(source, Literal) and slot.widget is not None:
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
