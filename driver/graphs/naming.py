"""How a person names a place in a graph: `Node title.input`, or a class in place of the title.

Of several nodes with one title, or of one class, `Title#2` is the second in the graph's order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import BindingError
from .links import named
from .model import ApiGraph, find_nodes, names_of, one_line, shown, title_of
from .nearest import alike, nearest_first

_LISTED = 20
_NUMBERED = re.compile(r"(.+)#(\d{1,6})", re.DOTALL)


def parse_assignment(text: str) -> tuple[str, str]:
    """`Node title.input=value` as ("Node title.input", "value"). Raises BindingError."""
    match = re.fullmatch(r"(.+?\.[^.=]+)=(.*)", text, re.DOTALL)
    if match is None:
        raise BindingError(
            "a setting is written as Node title.input=value",
            where=f"--set {text!r}",
            hint='For example: --set "Scheduler.steps=20".',
        )
    return match[1].strip(), match[2]


def names_a_node(api: ApiGraph, target: str) -> bool:
    """Whether the node of a `Node title.input` is in this graph, whatever its inputs."""
    dots = [match.start() for match in re.finditer(r"\.", target)]
    return any(_matching(api, target[:at].strip()) for at in dots)


def find_input(api: ApiGraph, target: str) -> tuple[str, str]:
    """The (node id, input name) of a `Node title.input`; both may hold dots. Raises BindingError
    unless exactly one node fits. The input is not checked."""
    dots = [match.start() for match in re.finditer(r"\.", target)]
    splits = [(target[:at].strip(), target[at + 1 :].strip()) for at in reversed(dots)]
    for node, name in splits:
        found = _matching(api, node)
        if len(found) == 1:
            return found[0], name
        if found:
            first = one_line(names_of(api)[found[0]], 200)
            raise BindingError(
                f"{len(found)} nodes match {shown(node)}{candidates(api, found)}",
                where=target,
                hint=f'Name one of them, such as "{first}.{name}".',
            )
    if not splits:
        raise BindingError("a place is written as Node title.input", where=target)
    raise no_node(splits[0][0], api, {}, target)


def no_node(node: str, api: ApiGraph, plan: ApiGraph, where: str) -> BindingError:
    """The error for a title or class that no node of a graph has, nor of the plan graph; its lists
    are in the order of the alphabet."""
    near = alike(node, sorted({*names_of(api).values(), *names_of(plan).values()}))
    meant = f"Did you mean {' or '.join(map(one_line, near))}? " if near else ""
    planning = f" In the plan graph: {_listed(node, plan)}." if plan else ""
    return BindingError(
        f"no node has the title or class {shown(node)}",
        where=where,
        hint=f"{meant}There are: {_listed(node, api)}.{planning}",
    )


def candidates(api: ApiGraph, found: Sequence[str]) -> str:
    """The nodes for the end of a message: a colon, then title and class of each. Empty for none."""
    some = ", ".join(named(api, node_id) for node_id in found[:_LISTED])
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return f": {some}{more}" if some else ""


def _listed(node: str, api: ApiGraph) -> str:
    names = nearest_first(node, list(names_of(api).values()))
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(one_line(name, 200) for name in sorted(names[:_LISTED])) + more


def _matching(api: ApiGraph, node: str) -> list[str]:
    found = _of_title_or_class(api, node)
    numbered = _NUMBERED.fullmatch(node)
    if found or numbered is None:
        return found
    place = int(numbered[2])
    return _of_title_or_class(api, numbered[1].strip())[place - 1 : place] if place else []


def _of_title_or_class(api: ApiGraph, node: str) -> list[str]:
    titles = {node_id: title_of(api, node_id) for node_id in api}
    exact = [i for i, title in titles.items() if title == node]
    folded = [i for i, title in titles.items() if title.casefold() == node.casefold()]
    return exact or folded or find_nodes(api, node)
