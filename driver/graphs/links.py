"""Ways through an API graph: what stands behind a node, by links and by the types they carry.

A link is [node id, output slot]. Its type is that of the output it comes from; outputs that take
any type ("*", and V3's matched types) count as every type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .definitions import node_def
from .model import ApiGraph, ObjectInfo, is_link, title_of

Output = tuple[str, int]
"""(node id, output slot)."""


def named(api: ApiGraph, node_id: str) -> str:
    """How a message names a node: its title and its class."""
    return f"{title_of(api, node_id)!r} ({api[node_id]['class_type']})"


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


def picture_nodes(api: ApiGraph, info: ObjectInfo) -> list[str]:
    """Output nodes that take pictures, the most finished first: the more stands behind a node, the
    later in the graph its pictures are."""
    found = [i for i in output_nodes(api, info) if links_of_type(api, info, i, "IMAGE")]
    return sorted(found, key=lambda node_id: -len(behind(api, [node_id])))


def samplers(api: ApiGraph, info: ObjectInfo) -> list[str]:
    """Samplers behind the nodes that take pictures, those that others continue first.

    A sampler gives a latent, and takes a guider, or a model together with conditioning.
    """
    reached = behind(api, picture_nodes(api, info))
    found = [node_id for node_id in api if node_id in reached and _is_sampler(api, info, node_id)]
    return sorted(found, key=lambda node_id: len(set(found) & behind(api, [node_id]).keys()))


def first_samplers(api: ApiGraph, info: ObjectInfo) -> list[str]:
    """Samplers that continue no other one."""
    found = samplers(api, info)
    return [i for i in found if len(set(found) & behind(api, [i]).keys()) == 1]


def _is_sampler(api: ApiGraph, info: ObjectInfo, node_id: str) -> bool:
    definition = node_def(info, api[node_id]["class_type"])
    if definition is None or "LATENT" not in definition.outputs:
        return False
    kinds = {spec.type for spec in definition.inputs}
    return "GUIDER" in kinds or {"MODEL", "CONDITIONING", "LATENT"} <= kinds
