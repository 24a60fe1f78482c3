"""What settings changed in a graph, for a person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .model import ApiGraph, is_link, title_of

_SHOWN = 60
_ABSENT: Any = object()


@dataclass(frozen=True)
class Difference:
    """One input, by its node's title. `old` is empty where the node or the input is new."""

    title: str
    input: str
    old: str
    new: str


def differences(before: ApiGraph, after: ApiGraph) -> list[Difference]:
    """Inputs that differ, in the graph's order; a link is shown as the title it comes from."""
    found: list[Difference] = []
    for node_id, node in after.items():
        old: dict[str, Any] = before[node_id]["inputs"] if node_id in before else {}
        for name, value in node["inputs"].items():
            was = old.get(name, _ABSENT)
            if was is _ABSENT or was != value:
                shown = "" if was is _ABSENT else _shown(before, was)
                title = title_of(after, node_id)
                found.append(Difference(title, name, shown, _shown(after, value)))
    return found


def _shown(api: ApiGraph, value: Any) -> str:
    if is_link(value) and value[0] in api:
        return f"from {title_of(api, value[0])!r}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = "".join(char if char.isprintable() else " " for char in text[: _SHOWN + 1])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
