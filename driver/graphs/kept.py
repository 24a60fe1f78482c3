"""Graphs that take one job at a time, and make more than the one picture that is kept of it."""

from __future__ import annotations

from collections.abc import Iterator

from .links import behind, named, picture_nodes
from .model import ApiGraph, ObjectInfo

_REPEATS = {"RepeatLatentBatch": "amount", "RepeatImageBatch": "amount"}
_LISTED = 5


def more_than_kept(api: ApiGraph, info: ObjectInfo) -> Iterator[str]:
    """A note for each reason why there are more pictures than one, and which one is kept."""
    savers = list(picture_nodes(api, info))
    if len(savers) > 1:
        others = ", ".join(named(api, node_id) for node_id in savers[1 : _LISTED + 1])
        more = f" and {len(savers) - 1 - _LISTED} more" if len(savers) - 1 > _LISTED else ""
        yield f"Of each job the picture of {named(api, savers[0])} is kept, not of {others}{more}."
    for node_id in behind(api, savers):
        node = api[node_id]
        amount = node["inputs"].get(_REPEATS.get(node["class_type"], "batch_size"))
        if isinstance(amount, int) and amount > 1:
            yield f"{named(api, node_id)} makes {amount} pictures of each job; the first is kept."
