"""The graph that rewrites prompts, as the driver runs it: a chain of the nodes that rewrite, from
the one that takes the jobs to the one whose prompts are taken."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from stockwright.core import names
from stockwright.core.jobs import Job

from ..errors import BindingError
from .definitions import node_def
from .links import named
from .model import ApiGraph, ObjectInfo, find_nodes, is_link, with_inputs
from .preflight import find_missing_models

_PROMPT, _MODEL, _LLM, _LIKES = "prompt", "model", "llm", "likes"
_ON_THE_HUB = "/"
"""In the name of a model that would be fetched first."""

_NO_EXPANDER = (
    "No model in models/prompt_expansion goes on with prompts: Expand Prompt is left out."
)


def chain(api: ApiGraph) -> list[str]:
    """The nodes that rewrite prompts, in the order in which jobs pass them.

    Raises BindingError where they are not one chain.
    """
    rewriters = [i for name in names.REWRITERS for i in find_nodes(api, name)]
    before = {i: _before(api, i) for i in rewriters}
    after = {source: i for i, source in before.items() if source in before}
    firsts = [i for i, source in before.items() if source not in before]
    found = firsts[:1]
    while found and found[-1] in after:
        found.append(after[found[-1]])
    if not found or len(found) != len(rewriters):
        listed = ", ".join(named(api, i) for i in rewriters) or "none"
        raise BindingError(
            f"the nodes that rewrite prompts are not one chain: {listed}",
            hint="Link each one's jobs to the prompt of the next one, and save the graph.",
        )
    return found


def bind_wish(api: ApiGraph, jobs: Sequence[Job], likes: Mapping[str, tuple[int, int]]) -> ApiGraph:
    """Puts jobs into the first node, and what was liked and disliked into each Style Modifiers."""
    text = json.dumps([job.to_dict() for job in jobs], ensure_ascii=False)
    values: dict[str, dict[str, Any]] = {chain(api)[0]: {_PROMPT: text}}
    marks = json.dumps({phrase: list(counts) for phrase, counts in likes.items()})
    for node_id in find_nodes(api, names.STYLE_MODIFIERS) if likes else ():
        values.setdefault(node_id, {})[_LIKES] = marks
    return with_inputs(api, values)


def without_lacking(api: ApiGraph, info: ObjectInfo) -> tuple[ApiGraph, tuple[str, ...]]:
    """The graph without the language models that the server lacks, and notes for a person.

    Without one Translate Prompt has its other service, and prompts are not gone on with. An Expand
    Prompt whose model would be fetched first takes the first one that is there.
    """
    missing = {model.node_id for model in find_missing_models(api, info)}
    for node_id in find_nodes(api, names.LOAD_LLM):
        if node_id in missing:
            api = _without(api, node_id, None)
    notes: list[str] = []
    for node_id in find_nodes(api, names.EXPAND_PROMPT):
        if is_link(api[node_id]["inputs"].get(_LLM)):
            continue
        local = _local_models(info)
        if not local:
            api = _without(api, node_id, api[node_id]["inputs"].get(_PROMPT))
            notes.append(_NO_EXPANDER)
        elif api[node_id]["inputs"].get(_MODEL) not in local:
            api = with_inputs(api, {node_id: {_MODEL: local[0]}})
    return api, tuple(dict.fromkeys(notes))


def _before(api: ApiGraph, node_id: str) -> str:
    """The node that gives this one its jobs; empty for none."""
    link: Any = api[node_id]["inputs"].get(_PROMPT)
    return str(link[0]) if is_link(link) else ""


def _without(api: ApiGraph, gone: str, instead: Any) -> ApiGraph:
    """The graph without a node; links from it become `instead`, or nothing."""
    changed = copy.deepcopy({i: node for i, node in api.items() if i != gone})
    for node in changed.values():
        for name, value in list(node["inputs"].items()):
            if is_link(value) and value[0] == gone:
                del node["inputs"][name]
                if instead is not None:
                    node["inputs"][name] = instead
    return changed


def _local_models(info: ObjectInfo) -> list[str]:
    definition = node_def(info, names.EXPAND_PROMPT)
    spec = definition.input(_MODEL) if definition else None
    choices = [str(choice) for choice in (spec.choices if spec else None) or ()]
    return [choice for choice in choices if _ON_THE_HUB not in choice]
