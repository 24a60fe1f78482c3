"""Inputs that a server would refuse: required ones without anything, links that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stockwright.core import names

from .definitions import COMBO, InputSpec, node_def
from .links import named
from .model import ApiGraph, ObjectInfo, is_link
from .resolving import types_match

_ANY = "*"
_FILLED_IN = {
    names.BATCH: {"jobs"},
    names.SAVE_IMAGE: {"folder"},
    names.WRITE_PROMPTS: {"theme", "kinds", "count", "seed", "exclude"},
}
"""Inputs that the driver gives a value."""


def wrong_inputs(api: ApiGraph, info: ObjectInfo, node_id: str) -> Iterator[str]:
    """A line for each input of a node that is missing, or whose link gives nothing or another type.

    What a class decides by itself is not judged: inputs that grow, outputs of any type, and links
    into choices.
    """
    node = api[node_id]
    definition = node_def(info, node["class_type"])
    for spec in definition.inputs if definition else ():
        if spec.name in node["inputs"]:
            wrong = _wrong_link(api, info, spec, node["inputs"][spec.name])
        else:
            wrong = _missing(spec, node["class_type"])
        if wrong:
            yield f"{named(api, node_id)}, {spec.name}: {wrong}"


def _missing(spec: InputSpec, class_type: str) -> str:
    filled_in = spec.name in _FILLED_IN.get(class_type, ())
    wanted = spec.required and not filled_in and not _decides(spec.type)
    return "is required, and has neither a link nor a value" if wanted else ""


def _wrong_link(api: ApiGraph, info: ObjectInfo, spec: InputSpec, value: Any) -> str:
    if not is_link(value) or value[0] not in api:
        return ""
    source_id, slot = str(value[0]), int(value[1])
    source = node_def(info, api[source_id]["class_type"])
    if source is None:
        return ""
    if not 0 <= slot < len(source.outputs):
        there = f"{named(api, source_id)}, which has {len(source.outputs)}"
        return "" if _ANY in source.outputs else f"takes output {slot} of {there}"
    kind = source.outputs[slot]
    if COMBO in (kind, spec.type) or _decides(kind) or _decides(spec.type):
        return ""
    if types_match(kind, spec.type):
        return ""
    return f"takes {spec.type}, and {named(api, source_id)} gives {kind}"


def _decides(kind: str) -> bool:
    return kind.startswith("COMFY_")
