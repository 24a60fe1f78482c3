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

_OLD_SAMPLERS = {"KSampler", "KSamplerAdvanced"}
"""Old files have `sample_euler` for `euler`; the canvas mends it outside of subgraphs only."""
_MAX_BLOCKS, _MAX_TEXT = 32, 1 << 20
_TOKENS = re.compile(r"[{}]|\|+|(?:[^\\{}|]+|\\[\s\S])+|\\")
_LINE = re.compile(r"[^\n\r\u2028\u2029]*")


def widget_values(scope: Scope, node: Node) -> dict[str, Any]:
    """Values of all widgets of the node's definition, as the node shows them in an opened graph;
    MISSING for those that have none."""
    values = saved_values(node)
    sampler = values.get("sampler_name")
    if scope.parent is None and node.type in _OLD_SAMPLERS and isinstance(sampler, str):
        values["sampler_name"] = sampler.removeprefix("sample_")
    return values


def saved_values(node: Node) -> dict[str, Any]:
    """Values of all widgets of the node's definition, as the file has them."""
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
    return values


def primitive_value(node: Node) -> Any:
    """What a Primitive node gives, or MISSING."""
    saved = as_list(node.widgets_values)
    return saved[0] if saved else MISSING


def promoted_values(scope: Scope, node: Node) -> dict[str, Any]:
    """Input name -> value of the widgets that a subgraph's node shows for its inputs."""
    inside = scope.children[node.id]
    if inside.promoted is None:
        inside.promoted = _promoted(inside, node)
    return inside.promoted


def _promoted(inside: Scope, node: Node) -> dict[str, Any]:
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


def queued(widget: Widget, value: Any) -> Any:
    """A widget's value as it is queued."""
    value = as_shown(widget, value)
    if widget.dynamic and isinstance(value, str):
        return resolve_choices(value)
    return wrapped(value)


def as_shown(widget: Widget, value: Any) -> Any:
    """A widget's value as it stands in the node."""
    if widget.multiline and isinstance(value, str):
        return re.sub(r"\r\n?", "\n", value)
    return value


def wrapped(value: Any) -> Any:
    """A list as it is queued: bare, it would be read as a link. Other values stay."""
    return {"__value__": cast("list[Any]", value)} if isinstance(value, list) else value


def resolve_choices(text: str) -> str:
    """Text with `{a|b}` choices and comments, as the canvas queues it.

    The canvas chooses at random; here the first alternative counts, so that a file always gives the
    same graph.
    """
    if "{" in text and len(text) > _MAX_TEXT:
        raise ValueError(f"a text with choices has more than {_MAX_TEXT:,} characters")
    opened: list[list[str]] = [[]]  # the text so far, and the first alternative of each block
    chosen = [True]
    for match in _TOKENS.finditer(_without_comments(text)):
        token = match[0]
        inside = len(opened) > 1
        if token == "{":
            if len(opened) > _MAX_BLOCKS:
                raise ValueError(f"choices are nested deeper than {_MAX_BLOCKS} levels")
            opened.append([])
            chosen.append(chosen[-1])
        elif token == "}" and inside:
            _close(opened, chosen)
        elif token[0] == "|" and inside:
            chosen[-1] = False
        elif chosen[-1]:
            opened[-1].append(token)
    while len(opened) > 1:
        _close(opened, chosen)
    return _unescaped(opened[0])


def _close(opened: list[list[str]], chosen: list[bool]) -> None:
    block = _unescaped(opened.pop())
    chosen.pop()
    if chosen[-1]:
        opened[-1].append(block)


def _unescaped(parts: list[str]) -> str:
    return re.sub(r"\\([{}|])", r"\1", "".join(parts))


def _without_comments(text: str) -> str:
    parts: list[str] = []
    at, closed = 0, True
    for match in re.finditer(r"/[*/]", text):
        start = match.start()
        if start < at:
            continue
        if match[0] == "//":
            line = _LINE.match(text, start)
            end = line.end() if line else start
        else:
            end = text.find("*/", start + 2) + 2 if closed else 1
            if end == 1:  # never closed, and so no comment, nor is any that begins later
                closed = False
                continue
        parts.append(text[at:start])
        at = end
    return "".join([*parts, text[at:]])


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
    widgets = target.definition.widgets if target.definition else ()
    widget = next((w for w in widgets if w.name == slot.widget), None)
    # Not as it is queued: the canvas copies what the widget shows, choices and all.
    return MISSING if widget is None else as_shown(widget, saved_values(target)[widget.name])


def _slot_of(node: Node, number: int) -> Slot | None:
    return next((slot for slot in node.inputs if slot.link == number), None)
