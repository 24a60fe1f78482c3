"""How our API graph differs from the canvas's, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.golden.reference import Api

_NOTHING = "<nothing>"


def differences(canvas: Api, ours: Api, info: dict[str, Any]) -> list[str]:
    """One line each; empty when all nodes of classes in `info` have the same ids, classes and
    inputs. Titles may differ: nodes without one are called as the canvas's language has it."""
    ours = {number: node for number, node in ours.items() if node["class_type"] in info}
    return list(_lines(canvas, ours))


def _lines(canvas: Api, ours: Api) -> Iterator[str]:
    for number in sorted(canvas.keys() | ours.keys()):
        theirs, mine = canvas.get(number), ours.get(number)
        if theirs is None or mine is None:
            kind = (theirs or mine or {})["class_type"]
            yield f"{number} {kind}: only {'ours has' if theirs is None else 'the canvas has'} it"
            continue
        where = f"{number} {theirs['class_type']}"
        if theirs["class_type"] != mine["class_type"]:
            yield f"{where}: ours is {mine['class_type']}"
        for name in sorted(theirs["inputs"].keys() | mine["inputs"].keys()):
            a, b = (node["inputs"].get(name, _NOTHING) for node in (theirs, mine))
            if a != b or isinstance(a, bool) != isinstance(b, bool):  # True == 1 in Python
                yield f"{where}.{name}: canvas {a!r:.120}, ours {b!r:.120}"
