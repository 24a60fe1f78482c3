"""`--llm`: another language model in the plan graph, a file or a server's address."""

from __future__ import annotations

import copy
from typing import Any

from stockwright.core import names
from stockwright.core.addresses import is_address, llm_address

from ..errors import BindingError
from .definitions import node_def
from .model import ApiGraph, ObjectInfo, find_nodes, with_inputs
from .naming import candidates
from .nearest import listed, same_file

_MODEL = "model"
_TITLE = "Connect Prompt LLM"


def set_llm(plan: ApiGraph, llm: str, info: ObjectInfo) -> ApiGraph:
    """The plan graph with the language model `llm`.

    An address takes the place of Load Prompt LLM by a Connect Prompt LLM of the same id, or goes
    into the one that is there. A file's name goes into Load Prompt LLM; its folder and ending may
    be left out.

    Raises BindingError, or LLMInvalid for an address that cannot be used.
    """
    where = "--llm"
    loaders = [i for name in (names.LOAD_LLM, names.CONNECT_LLM) for i in find_nodes(plan, name)]
    if len(loaders) != 1:
        raise BindingError(
            f"{len(loaders)} nodes of the plan graph give a language model"
            + candidates(plan, loaders),
            where=where,
            hint="It needs one: Load Prompt LLM or Connect Prompt LLM.",
        )
    [node_id] = loaders
    if is_address(llm):
        return _connected(plan, node_id, llm_address(llm), info)
    if plan[node_id]["class_type"] != names.LOAD_LLM:
        raise BindingError(
            f"{llm!r} is a file, but the plan graph connects to a server",
            where=where,
            hint="Give an address, such as http://127.0.0.1:8080.",
        )
    return with_inputs(plan, {node_id: {_MODEL: _file(llm, info, where)}})


def _connected(plan: ApiGraph, node_id: str, address: str, info: ObjectInfo) -> ApiGraph:
    changed = copy.deepcopy(plan)
    if changed[node_id]["class_type"] != names.CONNECT_LLM:
        changed[node_id] = {
            "class_type": names.CONNECT_LLM,
            "inputs": _defaults(info),
            "_meta": {"title": _TITLE},
        }
    changed[node_id]["inputs"]["url"] = address
    return changed


def _defaults(info: ObjectInfo) -> dict[str, Any]:
    """What the server's Connect Prompt LLM starts with; preflight tells if it has none."""
    definition = node_def(info, names.CONNECT_LLM)
    specs = definition.inputs if definition else ()
    return {spec.name: spec.options["default"] for spec in specs if "default" in spec.options}


def _file(llm: str, info: ObjectInfo, where: str) -> str:
    definition = node_def(info, names.LOAD_LLM)
    spec = definition.input(_MODEL) if definition else None
    offered = [str(choice) for choice in (spec.choices if spec else None) or ()]
    found = same_file(llm, offered)
    if len(found) == 1:
        return found[0]
    if found:
        raise BindingError(f"{llm!r} may mean {', '.join(found)}", where=where)
    raise BindingError(
        f"the server has no language model {llm!r}",
        where=where,
        hint=f"Its folder models/llm has {listed(llm, offered)}. An address begins with http:// "
        "or https://.",
    )
