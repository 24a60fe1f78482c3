"""What of a graph can be set: every input that a value can stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .definitions import InputSpec, node_def
from .model import ApiGraph, ObjectInfo, is_link, names_of


@dataclass(frozen=True)
class SettableInput:
    """`title` is the node's name as `names_of` gives it. `value` is None, and `source` such a name,
    where a link comes in. `choices` is None where there are none; `low` and `high` are a number's
    range where it has one."""

    title: str
    name: str
    type: str
    value: Any
    source: str | None
    choices: tuple[Any, ...] | None
    low: float | None
    high: float | None


def settable_inputs(api: ApiGraph, info: ObjectInfo) -> list[SettableInput]:
    """In the graph's order; nodes of a class that the server does not have are left out."""
    names = names_of(api)
    return [
        _read(names, names[node_id], spec, node["inputs"].get(spec.name))
        for node_id, node in api.items()
        for spec in _widgets(node["class_type"], info)
    ]


def _widgets(class_type: str, info: ObjectInfo) -> Iterator[InputSpec]:
    definition = node_def(info, class_type)
    if definition is not None:
        queued = {widget.name for widget in definition.widgets if widget.queued}
        yield from (spec for spec in definition.inputs if spec.name in queued)


def _read(names: Mapping[str, str], title: str, spec: InputSpec, value: Any) -> SettableInput:
    source = names.get(value[0]) if is_link(value) else None
    low, high = (spec.options.get(end) for end in ("min", "max"))
    return SettableInput(
        title=title,
        name=spec.name,
        type=spec.widget_type,
        value=value if source is None else None,
        source=source,
        choices=spec.choices,
        low=low if isinstance(low, int | float) else None,
        high=high if isinstance(high, int | float) else None,
    )
