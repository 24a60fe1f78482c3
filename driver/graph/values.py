"""The values of a canvas node's widgets, by name.

The canvas keeps them by position in `widgets_values`, the controls after seeds and upload buttons
among them. A subgraph's node shows widgets of the nodes inside it under the names of its own
inputs.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

from .canvas import PRIMITIVE, SUBGRAPH_INPUT, Node, Scope, Slot
from .definitions import MISSING, Widget
from .model import as_list


def widget_values(node: Node) -> dict[str, Any]:
    """Values of the widgets that are queued, as the canvas would queue them."""
    if node.definition is None:
        return {}
    widgets = node.definition.widgets
    values = {widget.name: widget.default for widget in widgets}
    saved: Any = node.widgets_values
    if isinstance(saved, dict):  # some packs save names
        by_name = cast("dict[str, Any]", saved)
        values.update((name, value) for name, value in by_name.items() if name in values)
    else:
        keepers = [widget.name for widget in widgets if widget.saved]
        values.update(zip(keepers, _without_forced(node, as_list(saved)), strict=False))
    return {w.name: _queued(w, values[w.name]) for w in widgets if w.queued}


def primitive_value(node: Node) -> Any:
    """What a Primitive node gives, or MISSING."""
    saved = as_list(node.widgets_values)
    return saved[0] if saved else MISSING


def promoted_values(scope: Scope, node: Node) -> dict[str, Any]:
    """Input name -> value of the widgets that a subgraph's node shows for its inputs."""
    inside = scope.children[node.id]
    values: dict[str, Any] = {}
    for index, slot in enumerate(node.inputs):
        for number in _link_ids(inside, index):
            found = _inner_value(inside, number)
            if found is not MISSING:
                values[slot.name] = found
                break
    saved = as_list(node.widgets_values)
    values.update(zip(list(values), saved, strict=False))
    # Newer files also list the order in which the node shows its widgets: ["-1", name] is an
    # input's, [inner node's id, name] another one's, whose value stays with the inner node.
    proxies: Any = node.properties.get("proxyWidgets")
    if isinstance(proxies, str):
        proxies = json.loads(proxies)
    for (owner, name), value in zip(as_list(proxies), saved, strict=False):
        if owner == "-1" and name in values and value is not None:
            values[name] = value
    return values


def wrapped(value: list[Any]) -> dict[str, Any]:
    """A list as it is queued: bare, it would be read as a link."""
    return {"__value__": value}


def resolve_choices(text: str) -> str:
    """Text with `{a|b}` choices and comments, as the canvas queues it.

    The canvas chooses at random; here the first alternative counts, so that a file always gives the
    same graph.
    """
    text = re.sub(r"/\*[\s\S]*?\*/|//.*", "", text)
    result, at = "", 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            result += text[at : at + 2]
            at += 2
        elif char == "{":
            first, at = _first_choice(text, at + 1)
            result += resolve_choices(first)
        else:
            result += char
            at += 1
    return re.sub(r"\\([{}|])", r"\1", result)


def _first_choice(text: str, at: int) -> tuple[str, int]:
    """The first alternative of the block that begins at `at`, and where the block ends."""
    choice, depth, first = "", 0, True
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\":
            char += text[at : at + 1]
            at += 1
        elif char == "{":
            depth += 1
        elif char == "}":
            if not depth:
                break
            depth -= 1
        elif char == "|" and not depth:
            first = False
        if first:
            choice += char
    return choice, at


def _without_forced(node: Node, saved: list[Any]) -> list[Any]:
    """The canvas once kept values for inputs that are links only; such files have one too many."""
    definition = node.definition
    if definition is None:
        return saved
    names = {widget.name for widget in definition.widgets}
    specs = [s for s in definition.inputs if s.name in names or s.options.get("forceInput")]
    places = sum(
        2 if s.options.get("control_after_generate") or s.name in ("seed", "noise_seed") else 1
        for s in specs
    )
    places += "upload" in names
    places += "audioUI" in names
    if places != len(saved):
        return saved
    forced = {index for index, spec in enumerate(specs) if spec.options.get("forceInput")}
    return [value for index, value in enumerate(saved) if index not in forced]


def _queued(widget: Widget, value: Any) -> Any:
    if isinstance(value, list):
        return wrapped(cast("list[Any]", value))
    if not isinstance(value, str):
        return value
    if widget.multiline:
        value = re.sub(r"\r\n?", "\n", value)
    return resolve_choices(value) if widget.dynamic else value


def _link_ids(inside: Scope, index: int) -> list[int]:
    slot = inside.raw["inputs"][index]
    return [int(number) for number in slot.get("linkIds") or ()]


def _inner_value(inside: Scope, number: int) -> Any:
    """The value of the widget that a link from the subgraph's own inputs leads to, or MISSING."""
    link = inside.links.get(number)
    if link is None or link.origin != SUBGRAPH_INPUT or link.target not in inside.nodes:
        return MISSING
    target = inside.nodes[link.target]
    slot = _slot_of(target, number)
    if slot is None or target.type == PRIMITIVE:
        return MISSING
    if target.id in inside.children:
        return promoted_values(inside, target).get(slot.name, MISSING)
    if slot.widget is None:
        return MISSING
    return widget_values(target).get(slot.widget, MISSING)


def _slot_of(node: Node, number: int) -> Slot | None:
    return next((slot for slot in node.inputs if slot.link == number), None)
