"""The samplers of a graph, and which of them begins the picture.

Only those count that paint by a text: another one, such as a pass that finds the depth of a picture
for the sampler behind it, makes no picture of a job.
"""

from __future__ import annotations

from .links import Output, behind, depths, is_sampler, links_of_type, picture_nodes
from .model import ApiGraph, ObjectInfo
from .texts import CONDITIONING, encoders


def every_sampler(api: ApiGraph, info: ObjectInfo) -> list[str]:
    """Samplers behind the nodes that take pictures, with text or without, in the graph's order."""
    reached = behind(api, picture_nodes(api, info))
    return [i for i in api if i in reached and is_sampler(api, info, i)]


def samplers(api: ApiGraph, info: ObjectInfo) -> dict[str, int]:
    """Samplers with text, or all where none has any, those that others continue first; each with
    its place on the longest way: 1 for one that continues no other."""
    found = every_sampler(api, info)
    texts: dict[Output, bool] = {}
    painting: list[str] = []
    for node_id in found:
        for _, output in conditioning(api, info, node_id):
            if output not in texts:
                texts[output] = bool(encoders(api, info, output))
            if texts[output]:
                painting.append(node_id)
                break
    places = depths(api, set(painting or found))
    return {i: places[i] for i in sorted(painting or found, key=lambda i: places[i])}


def first_samplers(api: ApiGraph, info: ObjectInfo) -> list[str]:
    """Samplers that continue no other one."""
    return [node_id for node_id, place in samplers(api, info).items() if place == 1]


def conditioning(api: ApiGraph, info: ObjectInfo, sampler: str) -> list[tuple[str, Output]]:
    """(input, where it comes from) of the links of a sampler, or else of its guider, that carry
    conditioning."""
    node_ids, seen = [sampler], set[str]()
    while node_ids:
        node_id = node_ids.pop(0)
        if node_id in seen:
            continue
        seen.add(node_id)
        if links := links_of_type(api, info, node_id, CONDITIONING):
            return links
        node_ids += [output[0] for _, output in links_of_type(api, info, node_id, "GUIDER")]
    return []
