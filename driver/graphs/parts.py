"""What a graph needs and a server lacks: node classes and model files, and where they come from."""

from __future__ import annotations

from itertools import islice

from ..errors import PreflightFailed
from .model import ApiGraph, Graph, ObjectInfo
from .origins import Origins
from .preflight import LISTED, models_not_there, unknown_classes


def check_classes(graph: Graph, api: ApiGraph, info: ObjectInfo) -> None:
    """Raises one PreflightFailed that names the nodes of a converted graph whose classes the server
    does not have, and the packs that have them, where the file says so."""
    lines = list(islice(unknown_classes(api, info, Origins.of(graph)), LISTED))
    if lines:
        raise PreflightFailed(
            "the server lacks what the graph needs:\n" + "\n".join(f"  {line}" for line in lines),
            where=graph.name,
            hint="Install the packs that have these classes, and restart the server. A node that "
            "its pack has in the canvas only has to go, or its links.",
        )


def missing_models(graph: Graph, api: ApiGraph, info: ObjectInfo) -> list[str]:
    """One line for each value of a choice, such as a model file, that the server does not offer:
    the node's title, what is there instead, and the address that the file has for it. At most 20.
    """
    origins = Origins.of(graph)
    lines = (
        line
        for node_id, node in api.items()  # also those that no output needs
        for line in models_not_there({node_id: node}, info, origins)
    )
    return list(islice(lines, LISTED))
