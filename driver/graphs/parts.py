"""What a graph needs and a server lacks: node classes and model files, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..errors import PreflightFailed
from .model import ApiGraph, Graph, ObjectInfo, shown, title_of
from .nearest import listed
from .origins import Origins
from .preflight import find_missing_models

_LISTED = 20


def check_classes(graph: Graph, api: ApiGraph, info: ObjectInfo) -> None:
    """Raises one PreflightFailed that names the nodes of a converted graph whose classes the server
    does not have, and the packs that have them, where the file says so."""
    lines = list(islice(_unknown_classes(graph, api, info), _LISTED))
    if lines:
        raise PreflightFailed(
            "the server lacks what the graph needs:\n" + "\n".join(f"  {line}" for line in lines),
            where=graph.name,
            hint="Install the packs that have these classes, and restart the server.",
        )


def missing_models(graph: Graph, api: ApiGraph, info: ObjectInfo) -> list[str]:
    """One line for each value of a choice, such as a model file, that the server does not offer:
    the node's title, what is there instead, and the address that the file has for it. At most 20.
    """
    origins = Origins.of(graph)
    lines = (
        f"{missing}{origins.address_of(missing.value)}"
        for node_id, node in api.items()
        for missing in find_missing_models({node_id: node}, info)
    )
    return list(islice(lines, _LISTED))


def _unknown_classes(graph: Graph, api: ApiGraph, info: ObjectInfo) -> Iterator[str]:
    origins = Origins.of(graph)
    for node_id, node in api.items():
        kind = node["class_type"]
        if kind not in info:
            yield (
                f"{shown(title_of(api, node_id))} is of the class {shown(kind)}, which the server"
                f" does not have{origins.pack_of(kind)}; near names are {listed(kind, list(info))}"
            )
