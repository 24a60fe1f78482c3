"""Whether an API graph can be followed: each link leads to a node, none in a circle, and there are
not too many nodes."""

from __future__ import annotations

from ..errors import GraphInvalid
from .model import ApiGraph, is_link, shown, title_of

MAX_NODES = 20_000
"""As many as a canvas graph may unfold to."""
_HINT = "Open the file in the canvas, mend the link and save it."


def check_links(api: ApiGraph, name: str) -> None:
    """Raises GraphInvalid that names the node, or the nodes of the circle, by title; `name` is the
    file's."""
    if len(api) > MAX_NODES:
        raise GraphInvalid(
            f"has more than {MAX_NODES:,} nodes", where=name, hint="Take nodes out of the graph."
        )
    sources = {node_id: _sources(api, node_id, name) for node_id in api}
    waiting = {node_id: len(found) for node_id, found in sources.items()}
    readers: dict[str, list[str]] = {node_id: [] for node_id in api}
    for node_id, found in sources.items():
        for source in found:
            readers[source].append(node_id)
    ready = [node_id for node_id, count in waiting.items() if not count]
    while ready:
        node_id = ready.pop()
        del waiting[node_id]
        for reader in readers[node_id]:
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    if waiting:
        circle = _circle(sources, waiting)
        titles = [shown(title_of(api, node_id)) for node_id in circle[:10]]
        more = f" and {len(circle) - 10} more" if len(circle) > 10 else ""
        raise GraphInvalid(
            f"the links run in a circle through {', '.join(titles)}{more}", where=name, hint=_HINT
        )


def _sources(api: ApiGraph, node_id: str, name: str) -> set[str]:
    found: set[str] = set()
    for key, value in api[node_id]["inputs"].items():
        if not is_link(value):
            continue
        if value[0] not in api:
            raise GraphInvalid(
                f"its input {shown(key)} comes from a node that is not there: {shown(value[0])}",
                where=f"{name}, node {shown(title_of(api, node_id))}",
                hint=_HINT,
            )
        found.add(value[0])
    return found


def _circle(sources: dict[str, set[str]], left: dict[str, int]) -> list[str]:
    """The nodes of one circle, in the direction of the links; every node of `left` has a source
    there."""
    node_id = next(iter(left))
    way: dict[str, None] = {}
    while node_id not in way:
        way[node_id] = None
        node_id = next(source for source in sources[node_id] if source in left)
    passed = list(way)
    return passed[passed.index(node_id) :][::-1]
