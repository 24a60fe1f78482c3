"""`%Node.widget%` in the names of files, filled in as the canvas does when it queues a graph.

`Node` is the property "Node name for S&R" of a node, which is its class where the file does not say
it, or else a title; subgraphs are searched, too. The canvas does this in the `filename_prefix` of
ComfyUI's own nodes that save, and in what Primitive nodes give that are told to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from .canvas import PRIMITIVE, Node, Scope
from .definitions import MISSING
from .resolving import Literal, Resolver
from .values import as_shown, primitive_value, promoted_values, widget_values

SAVING = {
    "SaveImage",
    "SaveVideo",
    "SaveAnimatedWEBP",
    "SaveWEBM",
    "SaveAudio",
    "SaveGLB",
    "SaveAnimatedPNG",
    "CLIPSave",
    "VAESave",
    "ModelSave",
    "LoraSave",
    "SaveLatent",
}
PREFIX = "filename_prefix"
"""The widget of these classes that is filled in."""

_NAME = "Node name for S&R"
_PATTERN = re.compile(r"%([^%]+)%")
_NOT_IN_NAMES = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
_MAX_CHARACTERS = 1 << 20
"""What all that is filled in may have together."""


class Replacements:
    """Fills in what stands in the widgets of one graph."""

    def __init__(self, top: Scope, resolver: Resolver) -> None:
        self._top = top
        self._resolver = resolver
        self._names: dict[str, tuple[Scope, Node]] | None = None
        self._characters = 0

    def fill_in(self, text: Any) -> Any:
        """A text with all `%Node.widget%` replaced whose node and widget are there. What else is
        between two %, such as `%width%` or `%date:yyyy%`, stays; so do values that are no text.
        ValueError for what is too long."""
        return _PATTERN.sub(self._replaced, text) if isinstance(text, str) else text

    def _replaced(self, match: re.Match[str]) -> str:
        name, *widgets = match[1].split(".")
        if len(widgets) != 1:
            return match[0]
        if self._names is None:
            self._names = self._by_name()
        found = self._names.get(name)
        value = None if found is None else self._value(*found, widgets[0])
        if value is None:
            return match[0]
        self._characters += len(value)
        if self._characters > _MAX_CHARACTERS:
            raise ValueError("the values that are filled in by %Node.widget% are too long")
        return _NOT_IN_NAMES.sub("_", value)

    def _by_name(self) -> dict[str, tuple[Scope, Node]]:
        names: dict[str, tuple[Scope, Node]] = {}
        titles: dict[str, tuple[Scope, Node]] = {}
        for scope, node in _all_nodes(self._top):
            own = None if node.definition is None or node.type in SAVING else node.type
            name = node.properties.get(_NAME, own)
            if isinstance(name, str):
                names.setdefault(name, (scope, node))
            titles.setdefault(node.title, (scope, node))
        return titles | names

    def _value(self, scope: Scope, node: Node, name: str) -> str | None:
        """What a widget shows, as JavaScript writes it; None where there is no such widget."""
        inside = scope.children.get(node.id)
        if node.type == PRIMITIVE:
            values = {"value": primitive_value(node)}
        elif inside is not None and inside.group is None:
            values = promoted_values(scope, node)
        else:
            widgets = node.definition.widgets if node.definition else ()
            saved = widget_values(scope, node)
            values = {w.name: as_shown(w, saved[w.name]) for w in widgets}
        if name not in values:
            return None
        for index, slot in enumerate(node.inputs):
            if name == (slot.name if inside else slot.widget) and slot.link is not None:
                source = self._resolver.input(scope, node, index)
                return _text(source.value if isinstance(source, Literal) else values[name])
        return _text(values[name])


def _all_nodes(scope: Scope) -> Iterator[tuple[Scope, Node]]:
    """Every node, those inside a subgraph before its own; without those inside group nodes."""
    for node in scope.nodes.values():
        inside = scope.children.get(node.id)
        if inside is not None and inside.group is None:
            yield from _all_nodes(inside)
        yield scope, node


def _text(value: Any) -> str:
    """A value of JSON as JavaScript's String() has it; nothing for null."""
    if value is None or value is MISSING:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list):
        return ",".join(_text(item) for item in cast("list[Any]", value))
    return "[object Object]" if isinstance(value, dict) else str(value)


def _number(value: float) -> str:
    """JavaScript has floating point numbers only, without exponents from 1e-6 to below 1e21."""
    try:
        number = float(value) or 0.0  # not -0
    except OverflowError as error:
        raise ValueError("a number is too large") from error
    decimal = Decimal(repr(number)).normalize()
    plain = number == 0 or 1e-6 <= abs(number) < 1e21
    return format(decimal, "f" if plain else "e")
