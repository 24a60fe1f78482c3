"""Graphs that plan by themselves, as a designer runs them in the canvas, when jobs come from us."""

from __future__ import annotations

from stockwright.core.names import BATCH, REWRITERS, WRITE_PROMPTS

from .links import behind, links_into, output_nodes
from .model import ApiGraph, ObjectInfo, find_nodes, is_link, with_inputs


def jobs_entry(api: ApiGraph, batch: str) -> tuple[str, str]:
    """(node id, input) by which jobs get into a graph: `jobs` of its Stockwright Batch, or `prompt`
    of the first of the nodes before it that rewrite prompts."""
    node_id, name = batch, "jobs"
    seen = {batch}
    while is_link(link := api[node_id]["inputs"].get(name)):
        before = str(link[0])
        if before in seen or api.get(before, {}).get("class_type") not in REWRITERS:
            break
        node_id, name = before, "prompt"
        seen.add(before)
    return node_id, name


def without_planner(api: ApiGraph, info: ObjectInfo) -> ApiGraph:
    """The graph without planning for its Stockwright Batch: without the Write Theme Prompts nodes
    that feed nothing else, and without what only they need.

    Write Theme Prompts is an output node; left in, a server would ask its language model in vain.
    """
    entries = [jobs_entry(api, batch) for batch in find_nodes(api, BATCH)]
    rest = with_inputs(api, {node_id: {name: ""} for node_id, name in entries})
    used = {output[0] for node_id in rest for _, output in links_into(rest, node_id)}
    planners = [node_id for node_id in find_nodes(rest, WRITE_PROMPTS) if node_id not in used]
    if not planners:
        return api
    needed = behind(rest, [i for i in output_nodes(rest, info) if i not in planners])
    idle = behind(rest, planners).keys() - needed.keys()
    return {node_id: node for node_id, node in rest.items() if node_id not in idle}
