"""A canvas graph that shows what was queued, so that a picture opens in the canvas as painted."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .canvas import read_node
from .definitions import MISSING, node_def
from .model import ApiGraph, ObjectInfo, as_list, is_link
from .values import queued, saved_values


def showing(canvas: Mapping[str, Any], api: ApiGraph, info: ObjectInfo) -> dict[str, Any]:
    """The canvas graph with the values of an API graph that was made of it in its nodes' widgets.

    Nodes inside of subgraphs, inputs with links, and nodes that only one of the two has stay as
    they are.
    """
    changed = copy.deepcopy(dict(canvas))
    for raw in as_list(changed.get("nodes")):
        node = api.get(str(raw.get("id")))
        if node is not None and node["class_type"] == raw.get("type"):
            _show(raw, node["inputs"], info)
    return changed


def _show(raw: dict[str, Any], inputs: Mapping[str, Any], info: ObjectInfo) -> None:
    definition = node_def(info, raw["type"])
    if definition is None:
        return
    shown = saved_values(read_node(raw, info, {}))
    new = {
        widget.name: inputs[widget.name]
        for widget in definition.widgets
        if widget.saved
        and not is_link(inputs.get(widget.name, ["", 0]))
        and queued(widget, shown[widget.name]) != inputs[widget.name]
    }
    if not new:
        return
    names = [widget.name for widget in definition.widgets if widget.saved]
    if isinstance(raw.get("widgets_values"), dict):
        raw["widgets_values"].update(new)
    else:
        values = shown | new
        raw["widgets_values"] = [None if values[n] is MISSING else values[n] for n in names]
