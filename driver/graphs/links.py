"""Ways through an API graph: what stands behind a node, by links and by the types they carry.

A link is [node id, output slot]. Its type is that of the output it comes from; outputs that take
any type ("*", and V3's matched types) count as every type.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from .definitions import node_def
from .model import ApiGraph, ObjectInfo, is_link, names_of, one_line, shown

Output = tuple[str, int]
"""(node id, output slot)."""
PREFIX = "filename_prefix"
"""The input by which nodes that save files name them."""


def named(api: ApiGraph, node_id: str) -> str:
    """How a message names a node: the name by which a person sets it, and its class."""
    return f"{shown(names_of(api)[node_id], 200)} ({one_line(api[node_id]['class_type'])})"


def links_into(api: ApiGraph, node_id: str) -> Iterator[tuple[str, Output]]:
    """(input, where it comes from) of each link into a node; links that lead nowhere are left
    out."""
    for name, value in api[node_id]["inputs"].items():
        if is_link(value) and value[0] in api:
            yield name, (value[0], value[1])


def carried(api: ApiGraph, info: ObjectInfo, output: Output) -> str | None:
    """The type of an output; None where the server does not say."""
    definition = node_def(info, api[output[0]]["class_type"])
    if definition is None or output[1] >= len(definition.outputs):
        return None
    kind = definition.outputs[output[1]]
    return "*" if kind.startswith("COMFY_") else kind


def links_of_type(
    api: ApiGraph, info: ObjectInfo, node_id: str, kind: str
) -> list[tuple[str, Output]]:
    """Links into a node that carry a type, in the order of the node's inputs."""
    found = {
        name: output
        for name, output in links_into(api, node_id)
        if carried(api, info, output) in (kind, "*")
    }
    definition = node_def(info, api[node_id]["class_type"])
    order = [spec.name for spec in definition.inputs] if definition else []
    names = [*(n for n in order if n in found), *(n for n in found if n not in order)]
    return [(name, found[name]) for name in names]


def behind(api: ApiGraph, node_ids: Iterable[str]) -> dict[str, None]:
    """The nodes with all that stands behind them, without end even where links run in a circle."""
    seen: dict[str, None] = {}
    waiting = list(node_ids)
    while waiting:
        node_id = waiting.pop()
        if node_id not in seen:
            seen[node_id] = None
            waiting += [output[0] for _, output in links_into(api, node_id)]
    return seen


def output_nodes(api: ApiGraph, info: ObjectInfo) -> list[str]:
    """Nodes that a server runs a graph for."""
    return [i for i, node in api.items() if info.get(node["class_type"], {}).get("output_node")]


def picture_nodes(api: ApiGraph, info: ObjectInfo) -> dict[str, int]:
    """Output nodes that take pictures, each with the samplers on the longest way to it.

    The most finished come first: those behind more samplers, then those that name files and do not
    only show pictures, then those at the end of a longer way.
    """
    found = [i for i in output_nodes(api, info) if links_of_type(api, info, i, "IMAGE")]
    painted = depths(api, {i for i in behind(api, found) if is_sampler(api, info, i)})
    worked = depths(api, api)

    def unfinished(node_id: str) -> tuple[int, bool, int]:
        shows = PREFIX not in api[node_id]["inputs"]
        return -painted[node_id], shows, -worked[node_id]

    return {node_id: painted[node_id] for node_id in sorted(found, key=unfinished)}


def depths(api: ApiGraph, counted: Collection[str]) -> dict[str, int]:
    """How many of some nodes stand on the longest way to each node, itself included. Where links
    run in a circle the one that closes it is passed over."""
    found: dict[str, int] = {}
    begun: set[str] = set()
    waiting = list(api)
    while waiting:
        node_id = waiting[-1]
        sources = [output[0] for _, output in links_into(api, node_id)]
        if node_id in begun:
            waiting.pop()
            if node_id not in found:
                below = max((found.get(source, 0) for source in sources), default=0)
                found[node_id] = below + (node_id in counted)
        else:
            begun.add(node_id)
            waiting += [source for source in sources if source not in begun]
    return found


def is_sampler(api: ApiGraph, info: ObjectInfo, node_id: str) -> bool:
    """A sampler gives a latent, and takes a guider, or a model together with conditioning."""
    definition = node_def(info, api[node_id]["class_type"])
    if definition is None or "LATENT" not in definition.outputs:
        return False
    kinds = {spec.type for spec in definition.inputs}
    return "GUIDER" in kinds or {"MODEL", "CONDITIONING", "LATENT"} <= kinds
