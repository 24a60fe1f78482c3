"""What settings changed in a graph, for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .model import ApiGraph, is_link, names_of, one_line, shown

_ABSENT: Any = object()


@dataclass(frozen=True)
class Difference:
    """One input, by its node's name as `names_of` gives it. `old` is empty where the node or the
    input is new."""

    title: str
    input: str
    old: str
    new: str


def differences(before: ApiGraph, after: ApiGraph) -> list[Difference]:
    """Inputs that differ, in the graph's order; a link is shown as the node it comes from."""
    was_called, called = names_of(before), names_of(after)
    found: list[Difference] = []
    for node_id, node in after.items():
        old: dict[str, Any] = before[node_id]["inputs"] if node_id in before else {}
        for name, value in node["inputs"].items():
            was = old.get(name, _ABSENT)
            if was is _ABSENT or was != value:
                text = "" if was is _ABSENT else _shown(was_called, was)
                title = one_line(called[node_id])
                found.append(Difference(title, one_line(name), text, _shown(called, value)))
    return found


def _shown(names: Mapping[str, str], value: Any) -> str:
    if is_link(value) and value[0] in names:
        return f"from {shown(names[value[0]])}"
    return one_line(value)
